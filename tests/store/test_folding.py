"""Findings are gathered, handed over by a thread, and kept while a store does not answer."""

import logging
import threading

import pytest

from quell.exceptions import QuellError
from quell.store import folding
from quell.store.folding import Batch, Folder, StoreUnavailableError
from quell.store.totals import Total, days_of
from tests.store.conftest import facts


class _Backend:
    """Keeps what it gets; refuses while it is closed."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.is_closed = False
        self.threads: set[str] = set()

    def fold(self, batch: Batch) -> None:
        """Keep a batch."""
        self.threads.add(threading.current_thread().name)
        if self.is_closed:
            raise StoreUnavailableError("closed")
        self.batches.append(batch)

    @property
    def totals(self) -> list[Total]:
        """All that arrived."""
        return [total for batch in self.batches for total in batch.totals]


@pytest.fixture
def backend() -> _Backend:
    """A store that answers."""
    return _Backend()


@pytest.fixture
def folder(backend: _Backend) -> "folding.Folder":
    """A folder that folds when it is told to."""
    return Folder(backend, seconds=3600)


def test_requests_of_one_finding_are_one_total(backend: _Backend, folder: Folder) -> None:
    """Numbers add up, and the worst request is kept."""
    for count in (3, 7, 5):
        folder.add(facts(), count=count, saved=count - 1, release="1")

    assert folder.stop()
    (total,) = backend.totals
    assert (total.requests, total.queries, total.saved, total.worst) == (3, 15, 12, 7)
    assert list(total.hours.values()) == [(3, 12)]


def test_endpoints_are_apart(backend: _Backend, folder: Folder) -> None:
    """One finding on two endpoints is two totals."""
    folder.add(facts(), count=3, saved=3, release="")
    folder.add(facts(endpoint="GET /other/"), count=3, saved=3, release="")

    assert folder.stop()
    assert [total.requests for total in backend.totals] == [1, 1]


def test_thread_of_its_own_folds(backend: _Backend, folder: Folder) -> None:
    """Whoever adds a finding does not fold it."""
    folder.add(facts(), count=3, saved=3, release="")

    assert folder.flush()
    assert backend.threads == {"quell-store"}
    folder.stop()


def test_gathered_findings_are_folded_after_a_while(backend: _Backend) -> None:
    """Nobody has to ask for it."""
    folder = Folder(backend, seconds=0.01)
    folder.add(facts(), count=3, saved=3, release="")

    for _ in range(500):
        if backend.batches:
            break
        threading.Event().wait(0.01)
    assert len(backend.totals) == 1
    folder.stop()


def test_batch_is_handed_over_again_under_its_number(
    backend: _Backend, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store can tell that it has a batch already; what came later is another batch."""
    numbers = []
    original = backend.fold

    def fold(batch: Batch) -> None:
        numbers.append(batch.number)
        original(batch)

    monkeypatch.setattr(backend, "fold", fold)
    backend.is_closed = True
    folder.add(facts(), count=3, saved=3, release="")
    assert not folder.flush()
    folder.add(facts(), count=4, saved=4, release="")
    backend.is_closed = False

    assert folder.flush()
    assert len(set(numbers)) == 2
    assert numbers[0] == numbers[1]
    assert [total.queries for total in backend.totals] == [3, 4]
    folder.stop()


def test_outage_is_one_line_in_the_log(
    backend: _Backend, folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    """However often it is tried."""
    backend.is_closed = True
    folder.add(facts(), count=3, saved=3, release="")
    for _ in range(3):
        folder.flush()
    backend.is_closed = False
    folder.flush()

    assert [record.levelno for record in caplog.records if record.levelno >= logging.WARNING] == [
        logging.WARNING
    ]
    folder.stop()


def test_memory_is_bounded(backend: _Backend, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is new beyond the bound is counted; what is known is still added up."""
    monkeypatch.setattr(folding, "_MAX_TOTALS", 2)
    backend.is_closed = True
    for number in (1, 2, 3, 1):
        folder.add(facts(number), count=3, saved=3, release="")
    backend.is_closed = False

    assert folder.dropped_count == 1
    assert folder.stop()
    assert sorted(total.requests for total in backend.totals) == [1, 2]


def test_adding_does_not_wait_for_the_store(folder: Folder, backend: _Backend) -> None:
    """While a batch is on its way, requests go on to add."""
    is_folding, may_end = threading.Event(), threading.Event()

    def fold(batch: Batch) -> None:
        is_folding.set()
        may_end.wait(10)

    backend.fold = fold  # type: ignore[method-assign]  # for this one store
    folder.add(facts(), count=3, saved=3, release="")
    flushing = threading.Thread(target=folder.flush)
    flushing.start()
    assert is_folding.wait(10)

    folder.add(facts(2), count=3, saved=3, release="")

    may_end.set()
    flushing.join()
    assert folder.stop()


def test_threads_lose_nothing(backend: _Backend, folder: Folder) -> None:
    """Eight threads add while batches are taken."""

    def run() -> None:
        for number in range(500):
            folder.add(facts(number % 5), count=2, saved=1, release="")

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    folder.flush()
    for thread in threads:
        thread.join()

    assert folder.stop()
    assert sum(total.requests for total in backend.totals) == 4_000
    assert sum(total.queries for total in backend.totals) == 8_000


def test_flush_without_findings_is_done() -> None:
    """Nothing to fold starts no thread."""
    folder = Folder(_Backend(), seconds=1)

    assert folder.flush()
    assert folder.stop()


def test_error_is_one_that_callers_may_handle() -> None:
    """A store that does not answer is no bug."""
    assert issubclass(StoreUnavailableError, QuellError)


def test_hours_add_up_to_days() -> None:
    """A day has the numbers of its hours."""
    hours = {0: (1, 2), 3600: (2, 3), 86_400: (4, 5)}

    assert days_of(hours) == {0: (3, 5), 86_400: (4, 5)}


def test_thread_that_cannot_start_is_started_later(
    backend: _Backend, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process at its limit of threads keeps what it found, and folds it once it has one."""

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="new thread"):
            folder.add(facts(), count=3, saved=3, release="")
    folder.add(facts(), count=3, saved=3, release="")

    assert folder.stop()
    assert [total.requests for total in backend.totals] == [2]
