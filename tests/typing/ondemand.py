"""Types of the blocks for loads on demand, as users see them; checked by mypy, never run."""

from collections.abc import Awaitable, Callable
from typing import assert_type

from django.http import HttpRequest
from django.http.response import HttpResponseBase

import quell
from quell.exceptions import LazyLoadForbidden
from quell.loading.ondemand.querysets import batched
from quell.middleware import BatchLoadingMiddleware
from tests.library.managers import BookQuerySet
from tests.library.models import Book

with quell.batch_loading() as opened:
    assert_type(opened, quell.batch_loading)
with quell.forbid_lazy_loading(only="n_plus_one") as forbidding:
    assert_type(forbidding, quell.forbid_lazy_loading)


async def in_a_coroutine() -> None:
    """Open both in a coroutine, and call a decorated one."""
    assert_type(await coroutine(1), str)
    async with quell.batch_loading() as batching, quell.forbid_lazy_loading() as forbidding:
        assert_type(batching, quell.batch_loading)
        assert_type(forbidding, quell.forbid_lazy_loading)


@quell.batch_loading()
def plain(number: int, *, name: str = "") -> str:
    """Return a text."""
    return name * number


@quell.forbid_lazy_loading()
async def coroutine(number: int) -> str:
    """Return a text."""
    return str(number)


assert_type(plain(1, name="x"), str)
assert_type(quell.adopt([Book()]), list[Book])
assert_type(batched(Book.objects.filter(title="x")), BookQuerySet)


def see_error(error: LazyLoadForbidden) -> None:
    """Read what an error tells."""
    assert_type(error.model, str)
    assert_type(error.path, str)
    assert_type(error.plan, quell.FetchPlan | None)


def see_middleware(get_response: Callable[[HttpRequest], HttpResponseBase], request: HttpRequest) -> None:
    """Answer a request."""
    answer = BatchLoadingMiddleware(get_response)(request)
    assert_type(answer, HttpResponseBase | Awaitable[HttpResponseBase])
