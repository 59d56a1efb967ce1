"""Types of watches and of the middleware, as users see them; checked by mypy, never run."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, assert_type

from django.http import HttpRequest
from django.http.response import HttpResponseBase

import quell
from quell.events import Operation, QueryEvent
from quell.findings import Finding, Location, Silenced
from quell.middleware import QuellMiddleware
from quell.testing import assert_constant_queries, assert_max_queries, assert_no_findings, quell_watch

watch = quell.watch()
assert_type(watch, quell.watch)
assert_type(quell.watch(label="page").findings, tuple[Finding, ...])
assert_type(quell.watch(transactions=True), quell.watch)
assert_type(watch.queries, tuple[QueryEvent, ...])
assert_type(watch.queries[0].operation, Operation)
assert_type(watch.queries[0].trigger, Location | None)
assert_type(watch.dropped_count, int)
assert_type(watch.report(), str)
assert_type(watch.silenced, tuple[Silenced, ...])
assert_type(quell_watch(label="test"), quell.watch)
with assert_max_queries(3) as counted, assert_no_findings() as faultless:
    assert_type(counted, quell.watch)
    assert_type(faultless, quell.watch)
assert_constant_queries(lambda: None, grow=lambda count: count, sizes=(2, 3))
with quell.watch() as opened:
    assert_type(opened, quell.watch)


async def in_a_coroutine() -> None:
    """Open a watch in a coroutine."""
    async with quell.watch() as watch:
        assert_type(watch, quell.watch)


@quell.watch()
def plain(number: int, *, name: str = "") -> str:
    """Return a text."""
    return name * number


@quell.watch(label="task")
async def coroutine(number: int) -> str:
    """Return a text."""
    return str(number)


assert_type(plain(1, name="a"), str)
awaited = assert_type(coroutine(1), Coroutine[Any, Any, str])
assert_type(quell.wrap_thread(plain)(1, name="a"), str)
assert_type(quell.FetchPlan("comments"), quell.FetchPlan)

with quell.ignore("Q101", model="helpdesk.Ticket", path="comments", reason="two rows") as block:
    assert_type(block, quell.ignore)


@quell.ignore("n_plus_one")
def quiet(number: int, *, name: str = "") -> str:
    """Return a text."""
    return name * number


@quell.ignore("Q101", "Q102")
async def quiet_coroutine(number: int) -> str:
    """Return a text."""
    return str(number)


assert_type(quiet(1, name="a"), str)
quietly_awaited = assert_type(quiet_coroutine(1), Coroutine[Any, Any, str])


def answer(request: HttpRequest) -> HttpResponseBase:
    """Answer a request."""
    raise NotImplementedError(request)


middleware = QuellMiddleware(answer)
assert_type(middleware, QuellMiddleware)
assert_type(middleware(HttpRequest()), HttpResponseBase | Awaitable[HttpResponseBase])
get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]] = middleware
