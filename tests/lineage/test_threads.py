"""Which frames wait for a thread."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context

import pytest

import quell
from quell.lineage.callpath import callers


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
