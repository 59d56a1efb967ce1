"""Middleware: one scope, or one block, per request."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from quell.guard import guarded
from quell.lineage._patches import installation
from quell.lineage._patches_ondemand import installation as ondemand_installation
from quell.loading.ondemand.blocks import batch_loading
from quell.pipeline import logged_watch

GetResponse: TypeAlias = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


class QuellMiddleware:
    """
    Watch each request, and report what it found by the log ``quell`` and by the signal ``findings_reported``.

    The scope ends when the view has returned its response; what a streaming response loads later is not seen.
    The label of the findings is method and route: ``GET /tickets/<int:pk>/``.

    Cost: that of a watch; the hooks stay installed while the process lives, idle between requests.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)
        # On and off with each request would use up the version tags of QuerySet, and slow it down for good.
        guarded(lambda: True, None, installation.keep)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Answer a request inside a scope."""
        if self._is_async:
            return self._answer(request)
        with logged_watch() as watch:
            try:
                return self.get_response(request)
            finally:
                watch.label = label_of(request)

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        async with logged_watch() as watch:
            try:
                response = self.get_response(request)
                return response if isinstance(response, HttpResponseBase) else await response
            finally:
                watch.label = label_of(request)


class BatchLoadingMiddleware:
    """
    Load relations for all rows of a fetch at once while a request is answered, as ``quell.batch_loading()`` does.

    What a streaming response loads after the view has returned it, is loaded as ever.

    Cost: that of the block; the hooks stay installed while the process lives, idle between requests.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)
        guarded(lambda: True, None, ondemand_installation.keep)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Answer a request inside a block."""
        if self._is_async:
            return self._answer(request)
        with batch_loading():
            return self.get_response(request)

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        async with batch_loading():
            response = self.get_response(request)
            return response if isinstance(response, HttpResponseBase) else await response


def label_of(request: HttpRequest) -> str:
    """Return method and route of a request, never its URL: that may hold names, tokens and numbers."""
    match = request.resolver_match
    route = f"/{match.route.removeprefix('^')}" if match is not None else "(no route)"
    return f"{request.method or 'GET'} {route}"
