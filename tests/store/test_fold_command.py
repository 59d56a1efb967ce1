"""``manage.py quell fold``."""

from io import StringIO
from threading import Thread
from unittest import mock

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections
from django.test import override_settings

from quell.store.database import put
from quell.store.findings import FindingTrend, FoldedBatch, StoredFinding
from quell.store.folding import Batch
from quell.store.redis import RedisStore
from quell.store.totals import DAY_SECONDS, Total
from tests.store.conftest import Server, facts
from tests.store.test_database_store import _NOW

pytestmark = pytest.mark.django_db


def _fold() -> str:
    output = StringIO()
    call_command("quell", "fold", stdout=output)
    return output.getvalue().strip()


def _add(store: RedisStore, number: str, seen_at: int) -> None:
    totals = []
    for finding in (1, 2):
        total = Total(facts=facts(finding), release="1")
        total.add(count=3, saved=2, seen_at=seen_at)
        totals.append(total)
    store.fold(Batch(number, totals))


def test_numbers_of_redis_become_rows(server: Server) -> None:
    """Each finding, its hours and its days; a second run brings what is new, and counts nothing twice."""
    store = RedisStore(server.url)
    with override_settings(QUELL_STORE=server.url):
        _add(store, "a", _NOW - DAY_SECONDS)
        assert _fold() == "2 findings folded"
        _add(store, "b", _NOW)
        _fold()
        _fold()

    assert list(StoredFinding.objects.values_list("request_count", "query_count")) == [(2, 6), (2, 6)]
    assert sum(FindingTrend.objects.filter(step="day").values_list("request_count", flat=True)) == 4


@pytest.mark.parametrize("store", ["", "database"])
def test_without_redis_there_is_nothing_to_fold(store: str) -> None:
    """The error says where the findings are."""
    with override_settings(QUELL_STORE=store), pytest.raises(CommandError, match="in the database already"):
        _fold()


def test_redis_that_does_not_answer_is_named(server: Server) -> None:
    """The error says what to do."""
    server.kill()
    with override_settings(QUELL_STORE=server.url), pytest.raises(CommandError, match="does not answer"):
        _fold()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="its locks are those of a file")
@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_wait_for_each_other(server: Server) -> None:
    """SQLite refuses at once to let a transaction write that has read before another one did."""
    store = RedisStore(server.url)
    _add(store, "a", _NOW)
    found = list(store.findings())
    errors: list[Exception] = []

    def fold_again() -> None:
        try:
            put(found)
        except DatabaseError as error:
            errors.append(error)
        finally:
            connections.close_all()

    for _ in range(5):
        threads = [Thread(target=fold_again) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert errors == []
    assert StoredFinding.objects.count() == 2


def test_database_without_tables_is_one_line(server: Server) -> None:
    """The error says what to do."""
    with override_settings(QUELL_STORE=server.url), mock.patch.object(FoldedBatch._meta, "db_table", "gone"):
        _add(RedisStore(server.url), "a", _NOW)
        with pytest.raises(CommandError, match=r"refuses the findings \(\w+Error: .*manage\.py migrate"):
            _fold()
