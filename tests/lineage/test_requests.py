"""Requests are told apart where somebody outside may see several of them, and pass by quell where nobody does."""

import asyncio
from inspect import getfile
from types import CoroutineType
from typing import Any, cast

from asgiref.sync import iscoroutinefunction
from django.core.handlers.base import BaseHandler
from django.http import HttpResponse
from django.test import AsyncRequestFactory

import quell
from quell.lineage._patches import installation


class _Handler(BaseHandler):
    """Answers without middlewares or a view."""

    def __init__(self) -> None:
        async def answer(request: object) -> HttpResponse:
            return HttpResponse()

        self._middleware_chain = answer


def _start() -> "CoroutineType[Any, Any, HttpResponse]":
    made = _Handler().get_response_async(AsyncRequestFactory().get("/"))
    return cast("CoroutineType[Any, Any, HttpResponse]", made)


def test_request_that_nobody_watches_passes_by_quell() -> None:
    """Hooks that are installed for others add no layer to it, which each await in it would pass through."""

    async def run() -> tuple[str, int]:
        started = _start()
        return started.cr_code.co_filename, (await started).status_code

    installation.acquire()
    try:
        is_marked = iscoroutinefunction(_Handler().get_response_async)
        filename, status = asyncio.run(run())
    finally:
        installation.release()

    assert is_marked
    assert filename == getfile(BaseHandler)
    assert status == 200


def test_request_inside_of_a_watch_is_one_of_several() -> None:
    """What it reads may be another answer than that of the request before."""

    async def run() -> list[int]:
        async with quell.watch() as watch:
            await _start()
            await _start()
            return list(watch.scope.breaks)

    assert asyncio.run(run()) == [0]
