"""The numbers of many processes in the project's database."""

from dataclasses import replace
from datetime import timedelta
from threading import Thread
from uuid import uuid4

import pytest
from django.db import connection, connections, transaction
from django.utils.timezone import now

import quell
from quell.store.database import DatabaseStore, clear, moment, put
from quell.store.findings import FindingTrend, FoldedBatch, StoredFinding
from quell.store.folding import Batch, Folder, StoreUnavailableError
from quell.store.totals import DAY_SECONDS, HOUR_SECONDS, Folded, Total, days_of
from tests.store.conftest import facts

pytestmark = [pytest.mark.databases, pytest.mark.django_db(transaction=True)]
_NOW = int(now().timestamp())
_HOUR = _NOW - _NOW % HOUR_SECONDS
_DAY = _NOW - _NOW % DAY_SECONDS


def _total(number: int = 1, *, seen_at: int = _HOUR, release: str = "1", count: int = 3) -> Total:
    total = Total(facts=facts(number), release=release)
    total.add(count=count, saved=count - 1, seen_at=seen_at)
    return total


def test_batches_add_up() -> None:
    """Numbers of two batches are added, the worst and the times compared, the releases kept."""
    store = DatabaseStore()
    store.fold(Batch("a", [_total(seen_at=_HOUR, release="1", count=3)]))
    store.fold(Batch("b", [_total(seen_at=_HOUR + HOUR_SECONDS, release="2", count=9)]))
    store.fold(Batch("c", [_total(seen_at=_HOUR + 1, release="2", count=4)]))

    row = StoredFinding.objects.get()
    assert (row.request_count, row.query_count, row.saved_count, row.worst_count) == (3, 16, 13, 9)
    assert (row.first_seen, row.last_seen) == (moment(_HOUR), moment(_HOUR + HOUR_SECONDS))
    assert (row.first_release, row.last_release) == ("1", "2")
    hours = row.trend.filter(step="hour").order_by("start").values_list("request_count", "saved_count")
    assert list(hours) == [(2, 5), (1, 8)]
    assert sum(row.trend.filter(step="day").values_list("request_count", flat=True)) == 3


def test_batch_is_folded_once() -> None:
    """A batch that is handed over again changes nothing."""
    store = DatabaseStore()
    for _ in range(2):
        store.fold(Batch("a", [_total()]))

    assert StoredFinding.objects.get().request_count == 1


def test_texts_are_those_of_the_last_batch() -> None:
    """A line that has moved is where it is now."""
    store = DatabaseStore()
    store.fold(Batch("a", [_total()]))
    moved = _total()
    moved.facts = type(moved.facts)(**{**_fields(moved), "origin": "library/views.py:99"})
    store.fold(Batch("b", [moved]))

    assert StoredFinding.objects.get().origin == "library/views.py:99"


def _fields(total: Total) -> dict[str, str]:
    return {name: getattr(total.facts, name) for name in total.facts.__slots__}


def test_long_texts_are_cut() -> None:
    """No endpoint, and no release, is too long to be counted, nor to be copied from Redis."""
    total = Total(facts=facts(endpoint="GET /" + "x" * 2_000), release="r" * 200)
    total.add(count=1, saved=1, seen_at=_NOW)
    for _ in range(2):
        DatabaseStore().fold(Batch(uuid4().hex, [total]))
        put([Folded(total=total, first_release=total.release, days={})])

    row = StoredFinding.objects.get()
    assert [len(text) for text in (row.endpoint, row.first_release, row.last_release)] == [500, 100, 100]


def test_texts_that_no_column_holds_are_counted() -> None:
    """One text that a database refuses does not hold up all others: NUL, and a file name that is no Unicode."""
    total = _total()
    total.facts = replace(total.facts, endpoint="a\0\udcff", origin="caf\udce9.py:1", message="\0")
    DatabaseStore().fold(Batch("a", [total, _total(2)]))

    assert set(StoredFinding.objects.values_list("endpoint", "origin")) == {
        ("a\ufffd?", "caf?.py:1"),
        ("GET /tickets/", "library/views.py:2"),
    }


def test_own_thread_uses_a_connection_of_its_own() -> None:
    """A transaction of the application that is rolled back takes no finding with it, and no scope sees a statement."""
    folder = Folder(DatabaseStore(), seconds=3600)
    if connection.vendor == "sqlite":
        # A transaction that has written nothing locks nobody out.
        with transaction.atomic(), quell.watch() as watch:
            folder.add(facts(), count=3, saved=2, release="")
            assert folder.flush()
            transaction.set_rollback(True)
    else:
        with transaction.atomic(), quell.watch() as watch:
            StoredFinding.objects.filter(pk=0).update(path="x")
            before = len(watch.queries)
            folder.add(facts(), count=3, saved=2, release="")
            assert folder.flush()
            assert len(watch.queries) == before
            transaction.set_rollback(True)

    folder.stop()
    assert [event.operation for event in watch.queries] in ([], ["update"])
    assert StoredFinding.objects.get().request_count == 1


def test_store_without_tables_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings wait for ``migrate``."""
    monkeypatch.setattr(FoldedBatch._meta, "db_table", "no_such_table")

    with pytest.raises(StoreUnavailableError):
        DatabaseStore().fold(Batch("a", [_total()]))


def test_failed_batch_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of a batch or none of it."""
    monkeypatch.setattr(FindingTrend._meta, "db_table", "no_such_table")

    with pytest.raises(StoreUnavailableError):
        DatabaseStore().fold(Batch("a", [_total()]))
    assert not StoredFinding.objects.exists()
    assert not FoldedBatch.objects.exists()


def test_threads_lose_nothing() -> None:
    """Stores of several threads, each with a connection of its own, add to the same rows."""

    def run(worker: int) -> None:
        store = DatabaseStore()
        for turn in range(10):
            batch = Batch(f"{worker}-{turn}", [_total(1), _total(2)])
            for _ in range(50):
                try:
                    store.fold(batch)
                except StoreUnavailableError:
                    continue
                break
        connections.close_all()

    threads = [Thread(target=run, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert list(StoredFinding.objects.values_list("request_count", flat=True)) == [40, 40]
    assert sum(FindingTrend.objects.filter(step="hour").values_list("request_count", flat=True)) == 80


def test_old_numbers_are_deleted() -> None:
    """Hours are kept for eight days, days for 400, batches for one."""
    DatabaseStore().fold(Batch("a", [_total(seen_at=_NOW - 20 * DAY_SECONDS)]))
    DatabaseStore().fold(Batch("b", [_total(seen_at=_NOW)]))
    FoldedBatch.objects.filter(number="a").update(folded_at=now() - timedelta(days=2))
    clear("default")

    assert FindingTrend.objects.filter(step="hour").count() == 1
    assert FindingTrend.objects.filter(step="day").count() == 2
    assert list(FoldedBatch.objects.values_list("number", flat=True)) == ["b"]


def test_numbers_of_another_store_replace_those_here() -> None:
    """Putting them again, or after they have grown, leaves what the other store says."""
    for count in (3, 5, 5):
        total = _total(count=count)
        assert put([Folded(total=total, first_release="0", days=days_of(total.hours))]) == 1

    row = StoredFinding.objects.get()
    assert (row.request_count, row.query_count, row.first_release) == (1, 5, "0")
    assert sorted(row.trend.values_list("step", "saved_count")) == [("day", 4), ("hour", 4)]
