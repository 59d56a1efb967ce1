"""Services behind PgBouncer, which gives each transaction whatever connection to the server is free."""

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections
from django.db.models import F
from django.test.utils import override_settings

from quell.services import (
    after_commit,
    aoutbox,
    lock,
    lock_rows,
    outbox,
    savepoint,
    service,
)
from quell.store.models import IdempotentCall, OutboxMessage
from tests.serviceapp.calls import made, note
from tests.serviceapp.models import Account
from tests.services.threads import COMMITTING, at_once, in_thread, names

pytestmark = [pytest.mark.databases, COMMITTING]

SIZE = 2
_CONFIG = """
[databases]
{NAME} = host={HOST} port={PORT} user={USER} {password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {size}
reserve_pool_size = 0
"""


@pytest.fixture(scope="module")
def port(django_db_setup: None) -> Iterator[int]:
    """Start a PgBouncer with two connections to the server, and return its port."""
    if connection.vendor != "postgresql":
        pytest.skip("PgBouncer is for PostgreSQL")
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        pytest.skip("pgbouncer is not installed")
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        number: int = free.getsockname()[1]
    with tempfile.NamedTemporaryFile("w", suffix=".ini") as file:
        settings = connections.settings["default"]
        password = f"password={settings['PASSWORD']}" if settings["PASSWORD"] else ""
        file.write(_CONFIG.format(**settings, password=password, port=number, size=SIZE))
        file.flush()
        Path(file.name).chmod(0o644)
        # It refuses to run as root.
        user = ["-u", "nobody"] if os.getuid() == 0 else []
        process = subprocess.Popen([program, "-q", *user, file.name])
        try:
            _wait_for(number, process)
            yield number
        finally:
            process.terminate()
            process.wait()


def _wait_for(number: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", number), timeout=1).close()
        except OSError:
            assert process.poll() is None, "pgbouncer ended"
            time.sleep(0.05)
        else:
            return
    pytest.fail("pgbouncer does not answer")


@pytest.fixture(autouse=True)
def behind(port: int) -> Iterator[None]:
    """Let the default database be the one behind PgBouncer."""
    settings: dict[str, Any] = connections.settings["default"]
    before = {name: settings[name] for name in ("HOST", "PORT")}
    connections.close_all()
    settings.update(HOST="127.0.0.1", PORT=str(port))
    yield
    OutboxMessage.objects.all().delete()
    connections.close_all()
    settings.update(before)


def _shown() -> tuple[str, ...]:
    found = []
    with connection.cursor() as cursor:
        for name in ("transaction_isolation", "transaction_read_only", "statement_timeout", "lock_timeout"):
            cursor.execute(f"SHOW {name}")
            found.append(cursor.fetchone()[0])
    return tuple(found)


@service(isolation="serializable", statement_timeout_ms=1234, lock_timeout_ms=4321, read_only=True)
def _ask() -> tuple[str, ...]:
    return _shown()


def test_it_is_pgbouncer_that_answers() -> None:
    """Two transactions of one client may get two connections: the tests run where they say."""

    def number_of_server() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid(), pg_sleep(0.05)")
            return int(cursor.fetchone()[0])

    pids = at_once(*[number_of_server] * 6)

    assert 1 <= len(set(pids)) <= SIZE


def test_settings_hold_for_the_transaction_and_no_longer() -> None:
    """Isolation, access mode and timeouts are right inside, and gone for whoever gets the connection next."""
    assert at_once(*[_ask] * 4) == [("serializable", "on", "1234ms", "4321ms")] * 4
    assert at_once(*[service(_shown)] * 4) == [("read committed", "off", "0", "0")] * 4


def test_many_services_share_few_connections() -> None:
    """More threads than connections: each waits for one, and all commit; one that fails takes its rows alone."""

    @service
    def create(number: int) -> None:
        Account.objects.create(name=str(number))
        with savepoint():
            Account.objects.filter(name=str(number)).update(balance=number)
        if number == 0:
            raise KeyError(number)

    def work(number: int) -> None:
        try:
            create(number)
        except KeyError:
            assert number == 0

    at_once(*[lambda number=number: work(number) for number in range(6)])

    assert names() == ["1", "2", "3", "4", "5"]


@override_settings(QUELL_SERVICE_CONNECTIONS=6)
def test_async_services_share_few_connections() -> None:
    """So it is with more async services than connections."""

    @service
    async def create(number: int) -> None:
        await Account.objects.acreate(name=str(number))
        if number == 0:
            raise KeyError(number)

    async def work() -> list[object]:
        return await asyncio.gather(*[create(number) for number in range(12)], return_exceptions=True)

    results = asyncio.run(work())

    assert [type(result) for result in results] == [KeyError, *[type(None)] * 11]
    assert len(names()) == 11


def test_lost_updates_are_run_again() -> None:
    """Serialization failures come through, and each addition counts."""
    Account.objects.create(name="one")

    @service(isolation="repeatable read", retry=50)
    def add() -> None:
        account = Account.objects.get(name="one")
        account.balance += 1
        account.save()

    at_once(*[lambda: [add() for _ in range(5)]] * 4)

    assert Account.objects.get().balance == 20


def test_locks_hold_until_the_transaction_ends() -> None:
    """An advisory lock of the transaction, and locks of rows, are those of the server's connection."""
    Account.objects.create(name="one")
    inside: list[int] = []

    @service
    def alone() -> None:
        lock("account", 1)
        inside.append(1)
        assert len(inside) == 1
        lock_rows(Account.objects.all())
        Account.objects.update(balance=F("balance") + 1)
        time.sleep(0.02)
        inside.clear()

    at_once(*[alone] * 6)

    assert Account.objects.get().balance == 6


def test_lock_timeout_is_told() -> None:
    """A service that waits for a row for too long fails by the error of the server."""
    Account.objects.create(name="one")

    @service(lock_timeout_ms=50)
    def impatient() -> None:
        lock_rows(Account.objects.all())

    @service
    def holding() -> None:
        lock_rows(Account.objects.all())
        with pytest.raises(DatabaseError, match="lock timeout"):
            in_thread(impatient)

    holding()


def test_cancelled_service_stops_its_statement() -> None:
    """The request to cancel goes through PgBouncer; the statement ends, and the row is gone."""

    @service
    async def wait() -> None:
        await Account.objects.acreate(name="gone")
        await Account.objects.filter(name="gone").extra(where=["pg_sleep(20) IS NOT NULL"]).afirst()

    async def work() -> float:
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(wait(), 0.3)
        return time.monotonic() - began

    assert asyncio.run(work()) < 10
    assert names() == []


def test_idempotent_service_runs_once() -> None:
    """Equal calls at the same time, on whichever connections, run once."""

    @service(idempotency_key="key", name="pgbouncer")
    def create(key: str) -> int:
        return Account.objects.create(name=key).pk

    keys = at_once(*[lambda: create("one")] * 6)

    assert len(set(keys)) == 1
    assert names() == ["one"]
    IdempotentCall.objects.all().delete()


def test_outbox_and_functions_after_the_commit_run() -> None:
    """What follows a commit runs on another transaction, and the outbox is empty afterwards."""
    made.clear()

    @service
    def sync() -> None:
        outbox(note, name="sync")
        after_commit(lambda: made.append("after"))

    @service
    async def not_sync() -> None:
        await aoutbox(note, name="async")

    sync()
    asyncio.run(not_sync())

    assert made == ["sync", "after", "async"]
    assert not OutboxMessage.objects.exists()


def test_server_side_cursor_works_inside_a_service() -> None:
    """Inside of a transaction, its rows come from one connection of the server."""
    Account.objects.bulk_create([Account(name=str(number)) for number in range(30)])

    @service
    def read() -> int:
        return sum(1 for _ in Account.objects.iterator(chunk_size=3))

    assert at_once(*[read] * 4) == [30] * 4
