"""What quell costs where no watch is open: nothing."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from pathlib import Path

import pytest
from django.db import connection, connections

import quell
from tests.cost.counting import Calls, calls_of, counted
from tests.cost.work import everyday

NOTHING = Calls()
ROOT = Path(__file__).resolve().parent.parent.parent


def _query_count_of(work: Callable[[], object]) -> int:
    with quell.watch() as watch:
        work()
    return len(watch.queries)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """One thread with a connection of its own, started outside of every watch."""
    with ThreadPoolExecutor(max_workers=1) as executor:
        executor.submit(connection.ensure_connection).result()
        yield executor
        executor.submit(connections.close_all).result()


def test_process_without_watch_runs_no_call() -> None:
    """Where quell is installed and no watch was ever opened, not one of its functions runs."""
    command = [sys.executable, "-m", "tests.cost.fresh"]

    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert json.loads(result.stdout) == {}


@pytest.mark.usefixtures("books")
def test_closed_watch_leaves_no_call() -> None:
    """After a watch, the process runs what it ran before."""
    with quell.watch():
        everyday()

    assert calls_of(everyday) == NOTHING


@pytest.mark.usefixtures("books")
def test_rows_of_a_closed_watch_cost_no_call() -> None:
    """Rows that a watch saw load what they lack without quell."""
    from tests.library.models import Book

    with quell.watch():
        book = Book.objects.defer("text").order_by("pk")[0]

    calls = calls_of(lambda: (book.text, book.author.country, list(book.tags.all()), book.reviews.count()))

    assert calls == NOTHING


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("books")
def test_other_thread_runs_no_call(pool: ThreadPoolExecutor) -> None:
    """While a watch is open, a thread that has no part in it runs Django's own functions only."""
    pool.submit(everyday).result()

    with quell.watch() as watch:
        calls = Context().run(pool.submit, calls_of, everyday).result()

    assert calls == NOTHING
    assert not watch.queries


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("books")
def test_thread_that_took_part_pays_for_the_wrapper_only(pool: ThreadPoolExecutor) -> None:
    """On a connection that the watch saw, a job outside of it costs one call per statement."""
    with quell.watch() as watch:
        pool.submit(everyday).result()
        seen = len(watch.queries)
        calls = Context().run(pool.submit, calls_of, everyday).result()

    assert seen
    assert len(watch.queries) == seen
    assert calls == Calls({"Scope.__call__": seen})


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("books")
def test_thread_started_outside_runs_no_call() -> None:
    """A thread that ran before the watch, and runs on while it is open, is left alone."""
    is_open, has_run = threading.Event(), threading.Event()
    found: list[Calls] = []

    def run() -> None:
        everyday()
        is_open.wait(10)
        found.append(calls_of(everyday))
        connections.close_all()
        has_run.set()

    thread = threading.Thread(target=run)
    thread.start()
    with quell.watch():
        is_open.set()
        has_run.wait(10)
    thread.join()

    assert found == [NOTHING]


@pytest.mark.usefixtures("books")
def test_counting_sees_a_watch() -> None:
    """The counter is no blind witness."""
    with quell.watch(), counted() as calls:
        everyday()

    assert calls["Scope.__call__"] == _query_count_of(everyday)
