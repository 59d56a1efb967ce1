"""Services on the pool of psycopg: each takes a connection for its transaction, and gives it back as it was."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext, override_settings

from quell.services import lock, lock_rows, savepoint, service
from tests.serviceapp.models import Account
from tests.services.threads import COMMITTING, at_once, in_thread, names

pytestmark = [pytest.mark.databases, COMMITTING]

SIZE = 2


@pytest.fixture(autouse=True)
def pool() -> Iterator[Any]:
    """Give the default database a pool of two connections."""
    if connection.vendor != "postgresql":
        pytest.skip("the pool of psycopg")
    pytest.importorskip("psycopg_pool")
    options = connections.settings["default"]["OPTIONS"]
    connections.close_all()
    options["pool"] = {"min_size": 1, "max_size": SIZE, "timeout": 20}
    one: Any = connection
    yield one.pool
    connections.close_all()
    one.close_pool()
    del options["pool"]


def test_threads_share_few_connections() -> None:
    """More threads than connections: each service waits for one, and all commit."""

    @service
    def create(name: str) -> None:
        Account.objects.create(name=name)
        lock("account", name)

    def work(name: str) -> None:
        create(name)
        connections.close_all()

    at_once(*[lambda name=str(number): work(name) for number in range(6)])

    assert names() == [str(number) for number in range(6)]


@override_settings(QUELL_SERVICE_CONNECTIONS=6)
def test_tasks_share_few_connections() -> None:
    """More async services than connections: each gives its own back when it ends, so none waits for ever."""

    @service
    async def create(name: str) -> None:
        await Account.objects.acreate(name=name)
        if name == "0":
            raise KeyError(name)

    async def work() -> list[object]:
        return await asyncio.gather(*[create(str(number)) for number in range(12)], return_exceptions=True)

    results = asyncio.run(work())

    assert [type(result) for result in results] == [KeyError, *[type(None)] * 11]
    assert len(names()) == 11


def test_connection_goes_back_as_it_was(pool: Any) -> None:
    """What a service asks of its transaction is over when the next one has the connection."""

    @service(isolation="serializable", statement_timeout_ms=1234, lock_timeout_ms=1234)
    def ask() -> tuple[str, ...]:
        return _shown()

    @service
    def plain() -> tuple[str, ...]:
        return _shown()

    connections.close_all()
    pool.resize(1, 1)

    assert in_thread(ask) == ("serializable", "1234ms", "1234ms")
    assert in_thread(plain) == ("read committed", "0", "0")


def _shown() -> tuple[str, ...]:
    found = []
    with connection.cursor() as cursor:
        for name in ("transaction_isolation", "statement_timeout", "lock_timeout"):
            cursor.execute(f"SHOW {name}")
            found.append(cursor.fetchone()[0])
    return tuple(found)


def test_cancelled_service_gives_back_no_open_transaction(pool: Any) -> None:
    """A statement that is stopped takes its connection with it; the pool makes another one."""

    @service
    async def wait() -> None:
        await Account.objects.acreate(name="gone")
        await Account.objects.filter(name="gone").extra(where=["pg_sleep(20) IS NOT NULL"]).afirst()

    @service
    async def create() -> None:
        await Account.objects.acreate(name="there")

    async def work() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(wait(), 0.3)
        await asyncio.gather(create())

    asyncio.run(work())

    assert names() == ["there"]


def test_statements_of_a_service_end_with_its_transaction() -> None:
    """Behind a proxy that pools transactions nothing stays in the session: no SET without LOCAL, no session lock."""

    @service(isolation="serializable", lock_timeout_ms=100, statement_timeout_ms=1000, retry=2)
    def work() -> None:
        lock("account", 1)
        Account.objects.create(name="one")
        with savepoint():
            lock_rows(Account.objects.all())

    with CaptureQueriesContext(connection) as queries:
        work()

    statements = [part.strip() for query in queries for part in query["sql"].split(";")]
    settings = [part for part in statements if part.startswith("SET")]
    assert len(settings) == 3
    assert all(part.startswith(("SET TRANSACTION", "SET LOCAL")) for part in settings)
    locks = [part for part in statements if "advisory" in part]
    assert len(locks) == 1
    assert "pg_advisory_xact_lock" in locks[0]
