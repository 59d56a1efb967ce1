"""What a transaction is told when it begins, on each database, and that nothing of it stays."""

import threading
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from quell.exceptions import UsageError
from quell.services import (
    JoinNotPossible,
    RetriesExhausted,
    read_only,
    service,
)
from quell.services.transient import fault_of
from tests.serviceapp.models import Account
from tests.services.threads import COMMITTING, in_thread, names

pytestmark = [pytest.mark.databases, COMMITTING]
VENDOR = connection.vendor


def asked(sql: str) -> Any:
    """Return the one value of a statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def level() -> str:
    """Find the isolation level of the open transaction by what it sees, and what it locks."""
    before = len(Account.objects.all())
    if VENDOR == "postgresql":
        return str(asked("SHOW transaction_isolation"))
    try:
        in_thread(lock_all)
    except OperationalError:
        return "serializable"
    in_thread(lambda: Account.objects.create(name=f"account {before}"))
    return "read committed" if len(Account.objects.all()) > before else "repeatable read"


@transaction.atomic
def lock_all() -> None:
    """Lock all accounts, or fail at once."""
    list(Account.objects.select_for_update(nowait=True))


@pytest.mark.skipif(VENDOR == "sqlite", reason="SQLite is always serializable")
@pytest.mark.parametrize("isolation", ["read committed", "repeatable read", "serializable"])
def test_isolation_is_that_of_the_transaction(isolation: Any) -> None:
    """The level is set for the one transaction, and the next one has its own."""
    Account.objects.create(name="first")
    assert service(isolation=isolation)(level)() == isolation
    assert service(level)() == "read committed"


@pytest.mark.skipif(VENDOR != "sqlite", reason="SQLite only")
def test_isolation_is_given_by_sqlite_anyway() -> None:
    """SQLite is at least as strong as every level."""
    assert service(isolation="repeatable read")(Account.objects.count)() == 0


def test_read_only_transaction_refuses_what_no_guard_sees() -> None:
    """The database itself refuses writes that hide in what reads, and writes again afterwards."""
    hidden = {
        "postgresql": "DO $$ BEGIN INSERT INTO serviceapp_entry (amount) VALUES (1); END $$",
        "mysql": "EXECUTE IMMEDIATE 'DELETE FROM serviceapp_entry'",
        "sqlite": "CREATE TABLE hidden (x int)",
    }

    @read_only
    def write() -> None:
        with connection.cursor() as cursor:
            cursor.execute(hidden[VENDOR])

    with pytest.raises(DatabaseError, match=r"(?i)read.?only|READ ONLY"):
        write()
    with service():
        Account.objects.create(name="after")
    assert names() == ["after"]


@pytest.mark.skipif(VENDOR != "postgresql", reason="PostgreSQL only")
def test_everything_is_told_in_one_statement() -> None:
    """Four wishes cost one round trip."""

    @service(
        isolation="serializable", read_only=True, deferrable=True, lock_timeout_ms=10, statement_timeout_ms=20
    )
    def read() -> None:
        """Do nothing."""

    with CaptureQueriesContext(connection) as queries:
        read()
    texts = [query["sql"] for query in queries if query["sql"] not in {"BEGIN", "COMMIT"}]
    assert texts == [
        "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE; "
        "SET LOCAL lock_timeout = 10; SET LOCAL statement_timeout = 20"
    ]


@pytest.mark.skipif(VENDOR == "postgresql", reason="PostgreSQL can")
def test_deferrable_is_refused_elsewhere() -> None:
    """What a database lacks is an error, not ignored."""
    with pytest.raises(UsageError, match="works on PostgreSQL only"):
        service(isolation="serializable", read_only=True, deferrable=True)(Account.objects.count)()
    assert not connection.in_atomic_block


def test_unknown_database_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that quell does not know runs services, and refuses what it cannot be told."""
    monkeypatch.setattr(connection, "vendor", "oracle")

    assert service(Account.objects.count)() == 0
    with pytest.raises(UsageError, match="cannot set isolation"):
        service(isolation="serializable")(Account.objects.count)()
    assert not connection.in_atomic_block


SLOW = {
    "postgresql": "SELECT pg_sleep(20)",
    "mysql": "SELECT COUNT(*) FROM seq_1_to_900000 a, seq_1_to_900000 b WHERE a.seq + b.seq > 3",
    "sqlite": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 900000000) SELECT COUNT(*) FROM n",
}


def test_statement_timeout_stops_a_statement() -> None:
    """A slow statement is stopped, nothing is committed, and the next service has time again."""

    @service(statement_timeout_ms=30)
    def slow() -> None:
        Account.objects.create(name="gone")
        asked(SLOW[VENDOR])

    with pytest.raises(OperationalError):
        slow()
    assert names() == []
    assert service(lambda: asked("SELECT 1"))() == 1
    if VENDOR == "postgresql":
        assert asked("SHOW statement_timeout") == "0"
    if VENDOR == "mysql":
        assert asked("SELECT @@SESSION.max_statement_time") == 0
    assert connection.execute_wrappers == []


def test_lock_timeout_stops_waiting() -> None:
    """A service that waits for a row that somebody else holds gives up, and says so."""
    Account.objects.create(name="a")
    locked, release = threading.Event(), threading.Event()
    before = asked("SELECT @@SESSION.innodb_lock_wait_timeout") if VENDOR == "mysql" else None

    def hold() -> None:
        with transaction.atomic():
            Account.objects.filter(name="a").update(balance=1)
            locked.set()
            release.wait(10)

    @service(lock_timeout_ms=20)
    def wait() -> None:
        Account.objects.filter(name="a").update(balance=2)

    holder = threading.Thread(target=lambda: in_thread(hold))
    holder.start()
    locked.wait(10)
    try:
        with pytest.raises(OperationalError) as caught:
            wait()
    finally:
        release.set()
        holder.join()
    assert fault_of(caught.value) == "lock timeout", caught.value
    if VENDOR == "sqlite":
        assert asked("PRAGMA busy_timeout") == 20_000
    if VENDOR == "mysql":
        assert asked("SELECT @@SESSION.innodb_lock_wait_timeout") == before
    if VENDOR == "postgresql":
        assert asked("SHOW lock_timeout") == "0"


@pytest.mark.parametrize(
    ("inner", "outer", "lacking"),
    [
        ({"isolation": "serializable"}, {"isolation": "repeatable read"}, 'isolation="serializable"'),
        ({"isolation": "repeatable read"}, {"isolation": "serializable"}, ""),
        ({"lock_timeout_ms": 10}, {}, "lock_timeout_ms=10"),
        ({"lock_timeout_ms": 10}, {"lock_timeout_ms": 20}, "lock_timeout_ms=10"),
        ({"statement_timeout_ms": 5000}, {"statement_timeout_ms": 4000}, ""),
        (
            {"isolation": "serializable", "read_only": True, "deferrable": True},
            {"isolation": "serializable"},
            "deferr",
        ),
        ({"read_only": True}, {}, ""),
    ],
)
def test_joining_asks_for_what_is_given(inner: dict[str, Any], outer: dict[str, Any], lacking: str) -> None:
    """A service that joins has what it asks for; otherwise it says what it lacks, and where to ask."""

    @service(nested="join", **inner)
    def part() -> str:
        return "done"

    whole = service(**outer)(part)
    if lacking:
        with pytest.raises(JoinNotPossible, match=lacking):
            whole()
    else:
        assert whole() == "done"


def test_retry_sets_the_level_of_each_run() -> None:
    """Every run begins a transaction that is told the same."""
    with pytest.raises(RetriesExhausted):
        service(isolation="serializable", retry=2)(lambda: (_ for _ in ()).throw(_lost()))()
    assert connection.execute_wrappers == []


def _lost() -> Exception:
    from tests.services.faults import error_of

    return error_of(sqlstate="40001")
