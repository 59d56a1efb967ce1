"""Which frames wait for a thread."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context

import pytest
from django.db import connections

import quell
from quell.lineage.callpath import callers
from quell.lineage.hooks import active
from tests.library.models import Country


def _in_a_thread(function: Callable[[], object]) -> tuple[int, object]:
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.extend((threading.get_ident(), function())))
    thread.start()
    thread.join()
    number, result = found
    assert isinstance(number, int)
    return number, result


@pytest.mark.django_db
def test_thread_does_not_inherit_the_callers_of_one_that_has_ended() -> None:
    """The system gives its number to the next thread, and a context may outlive a thread."""
    with quell.watch():

        def look() -> tuple[int, Context, bool]:
            return threading.get_ident(), copy_context(), bool(callers())

        with ThreadPoolExecutor(max_workers=1) as pool:
            ended, context, has_callers = pool.submit(look).result()
    assert has_callers

    again = [_in_a_thread(lambda: context.run(callers)) for _ in range(5)]

    assert {result for _, result in again} == {None}
    if ended not in {number for number, _ in again}:
        pytest.skip("no thread has got the number of the one that ended")


def _count() -> int:
    try:
        return Country.objects.count()
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_scope_keeps_nothing_of_threads_that_have_ended() -> None:
    """What belongs to a thread is dropped with it, however many there are while a watch is open."""
    with quell.watch() as watch:
        for _ in range(20):
            _in_a_thread(_count)
        state_count = len(active.get().states)

    assert len(watch.queries) == 20
    # The last one that ended is dropped when the next begins.
    assert state_count <= 2
