"""A watch and threads: it follows those that it starts, and no others."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.pool import ThreadPool
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from django.db import connection, connections

import quell
from quell.exceptions import UsageError
from quell.lineage.hooks import active
from tests.library.models import Author, Country
from tests.watching.probes import assert_untouched, changed_names, read_countries, tables

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("fresh_hooks", "authors"),
    pytest.mark.databases,
]


def _count(*_: object) -> int:
    return Country.objects.count()


@contextmanager
def _pool(workers: int = 1) -> Iterator[ThreadPoolExecutor]:
    """A pool whose threads run already, each with an open connection."""
    with ThreadPoolExecutor(workers) as pool:
        barrier = Barrier(workers)

        def in_each(work: Callable[[], object]) -> None:
            jobs = [pool.submit(lambda: (barrier.wait(10), work())) for _ in range(workers)]
            assert all(job.result() for job in jobs)

        in_each(_count)
        yield pool
        in_each(connections.close_all)


def _in_thread(work: Callable[[], object]) -> Thread:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    return Thread(target=run)


def test_submitted_job_is_followed() -> None:
    """A job of a pool that ran before the watch belongs to the watch that submitted it."""
    with _pool() as pool, quell.watch() as watch:
        pool.submit(read_countries).result()

    assert [finding.path for finding in watch.findings] == ["country"]


def test_mapped_jobs_are_followed() -> None:
    """``map()`` submits."""
    with _pool(2) as pool, quell.watch() as watch:
        list(pool.map(_count, range(5)))

    assert len(watch.queries) == 5


def test_job_is_named_by_its_line() -> None:
    """The trigger of a statement in a worker is the line in the job."""
    with _pool() as pool, quell.watch() as watch:
        pool.submit(_count).result()

    trigger = watch.queries[0].trigger
    assert trigger is not None
    assert trigger.function == "_count"


def test_pool_started_inside_serves_others_unseen() -> None:
    """A worker thread that the watch happened to start does not belong to it for ever."""
    with ThreadPoolExecutor(1) as pool:
        ready, done = Event(), Event()

        def stranger() -> None:
            ready.wait(10)
            pool.submit(_count).result()
            done.set()

        thread = Thread(target=stranger)
        thread.start()
        with quell.watch() as watch:
            pool.submit(Author.objects.count).result()
            ready.set()
            done.wait(10)
        thread.join()
        pool.submit(connections.close_all).result()

    assert tables(watch.queries) == ["author"]


def test_worker_has_no_watch_between_jobs() -> None:
    """After the job the worker's context is as it was."""
    with ThreadPoolExecutor(1) as pool:
        with quell.watch():
            pool.submit(_count).result()
        left = pool.submit(lambda: (active.get(None), list(connection.execute_wrappers))).result()
        pool.submit(connections.close_all).result()

    assert left == (None, [])


def test_thread_started_inside_is_followed() -> None:
    """A thread that is started in the block belongs to it."""
    with quell.watch() as watch:
        thread = _in_thread(read_countries)
        thread.start()
        thread.join()

    assert [finding.path for finding in watch.findings] == ["country"]


def test_subclass_of_thread_is_followed() -> None:
    """A thread with a ``run()`` of its own is followed, too."""

    class Counter(Thread):
        def run(self) -> None:
            _count()
            connections.close_all()

    with quell.watch() as watch:
        thread = Counter()
        thread.start()
        thread.join()

    assert len(watch.queries) == 1


def test_thread_that_has_ended_keeps_nothing() -> None:
    """The thread object holds no scope when it is done."""
    with quell.watch():
        thread = _in_thread(_count)
        thread.start()
        thread.join()

    assert "run" not in vars(thread)


def test_thread_started_before_is_not_followed() -> None:
    """A thread that was started before the watch sees none of it."""
    go_on = Event()
    thread = _in_thread(lambda: (go_on.wait(10), _count()))
    thread.start()
    with quell.watch() as watch:
        go_on.set()
        thread.join()

    assert watch.queries == ()


def test_wrapped_job_of_another_pool_is_followed() -> None:
    """``wrap_thread()`` binds a job for a pool that quell does not know."""
    with ThreadPool(1) as pool:
        pool.apply(_count)
        with quell.watch() as watch:
            pool.apply(_count)
            pool.apply(quell.wrap_thread(_count))
        pool.apply(connections.close_all)

    assert len(watch.queries) == 1


def test_wrap_thread_without_a_watch_is_the_function_itself() -> None:
    """Where no watch is open, nothing is wrapped."""
    assert quell.wrap_thread(_count) is _count


def test_wrap_thread_refuses_a_coroutine() -> None:
    """A coroutine runs in no thread of its own."""

    async def run() -> None:
        pass

    with pytest.raises(UsageError, match="needs no quell"):
        quell.wrap_thread(run)


def test_watches_of_two_threads_are_apart() -> None:
    """Two watches at once, each in its own thread, never see each other's statements."""
    barrier, found = Barrier(2), {}

    def run(name: str, manager: Any) -> None:
        with quell.watch() as watch:
            for _ in range(5):
                barrier.wait(10)
                manager.count()
        found[name] = tables(watch.queries)

    threads = [
        _in_thread(lambda: run("author", Author.objects)),
        _in_thread(lambda: run("country", Country.objects)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == {"author": ["author"] * 5, "country": ["country"] * 5}
    assert_untouched()


def test_watch_that_closes_before_its_thread_sees_no_more() -> None:
    """A thread that runs on after the block is no longer counted, and does not fail."""
    half, go_on = Event(), Event()
    after: list[object] = []

    def run() -> None:
        Author.objects.count()
        half.set()
        go_on.wait(10)
        after.append(_count())
        after.append(list(connection.execute_wrappers))

    with quell.watch() as watch:
        thread = _in_thread(run)
        thread.start()
        half.wait(10)
    assert changed_names() == []
    go_on.set()
    thread.join()

    assert tables(watch.queries) == ["author"]
    assert after == [3, []]


def test_wrapper_in_a_thread_keeps_its_place() -> None:
    """In a thread whose connection is new, a wrapper of the application is taken off by itself."""
    left: list[object] = []

    def pass_on(execute: Any, *arguments: Any) -> Any:
        return execute(*arguments)

    def run() -> None:
        with connection.execute_wrapper(pass_on):
            _count()
        left.extend(item for item in connection.execute_wrappers if item is pass_on)

    with quell.watch() as watch:
        thread = _in_thread(run)
        thread.start()
        thread.join()

    assert left == []
    assert len(watch.queries) == 1


def test_many_threads_lose_no_statement() -> None:
    """Statements of several threads at once are all there."""
    with _pool(4) as pool, quell.watch() as watch:
        list(pool.map(_count, range(200)))

    assert len(watch.queries) == 200


def test_queries_can_be_read_while_threads_run() -> None:
    """Looking at the statements so far never fails, and what was seen stays."""
    with _pool(4) as pool, quell.watch() as watch:
        jobs = [pool.submit(_count) for _ in range(100)]
        looks = []
        while not all(job.done() for job in jobs):
            looks.append(watch.queries)
            assert watch.findings is not None

    assert all(look == watch.queries[: len(look)] for look in looks)
    assert len(watch.queries) == 100
