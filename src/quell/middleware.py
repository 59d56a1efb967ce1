"""Middleware: one scope, or one block, per request."""

from collections.abc import Awaitable, Callable
from typing import ClassVar, TypeAlias, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from quell.guard import guarded
from quell.lineage._patches import installation
from quell.lineage._patches_ondemand import installation as ondemand_installation
from quell.lineage._patching import Installation
from quell.loading.ondemand.blocks import batch_loading
from quell.pipeline import logged_watch
from quell.production.comments import commented, route_of
from quell.production.known import judge_within_budget
from quell.production.sampling import is_watched

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
GetResponse: TypeAlias = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


class _Middleware:
    """What the middlewares of quell share; on and off with each request would slow QuerySet down for good."""

    sync_capable = True
    async_capable = True
    _hooks: ClassVar[Installation]

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        # The same, for those who await what it returns.
        self._get_awaitable = cast("Callable[[HttpRequest], Awaitable[HttpResponseBase]]", get_response)
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)
        guarded(lambda: True, None, self._hooks.keep)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Answer a request."""
        return self._answer(request) if self._is_async else self._answer_sync(request)

    def _answer_sync(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        raise NotImplementedError

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        raise NotImplementedError


class QuellMiddleware(_Middleware):
    """
    Watch requests, and report what they found by the log ``quell`` and by the signal ``findings_reported``.

    Which ones is told by ``QUELL_SAMPLE_RATE`` and ``QUELL_BUDGET_SHARE``; what it did is in
    ``quell.production.counting.counts()``. The scope ends when the view has returned its response; what a streaming
    response loads later is not seen. The label of the findings is method and route: ``GET /tickets/<int:pk>/``.
    With ``QUELL_SQL_COMMENTS`` the statements of every request tell its route. A request that the panel of the debug
    toolbar watches already is left to it: it reports in place of this middleware.

    Cost: that of a watch, nothing for a request that is not watched; the hooks stay installed while the process
    lives, idle between requests.
    """

    _hooks = installation

    def _answer_sync(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        with commented(request):
            if hasattr(request, "quell_watch") or not is_watched(request.path_info):
                return self.get_response(request)
            with logged_watch(judge=judge_within_budget) as watch:
                try:
                    return self.get_response(request)
                finally:
                    watch.label = label_of(request)

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        with commented(request):
            if hasattr(request, "quell_watch") or not is_watched(request.path_info):
                return await self._get_awaitable(request)
            async with logged_watch(judge=judge_within_budget) as watch:
                try:
                    return await self._get_awaitable(request)
                finally:
                    watch.label = label_of(request)


class BatchLoadingMiddleware(_Middleware):
    """
    Load relations for all rows of a fetch at once while a request is answered, as ``quell.batch_loading()`` does.

    What a streaming response loads after the view has returned it, is loaded as ever.

    Cost: that of the block; the hooks stay installed while the process lives, idle between requests.
    """

    _hooks = ondemand_installation

    def _answer_sync(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        with batch_loading():
            return self.get_response(request)

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        async with batch_loading():
            return await self._get_awaitable(request)


def label_of(request: HttpRequest) -> str:
    """
    Return method and route of a request, never its URL: that may hold names, tokens and numbers.

    A method that HTTP does not know is ``(other)``: a client may invent as many as it likes, and each label is kept.
    """
    method = request.method or "GET"
    return f"{method if method in _METHODS else '(other)'} {route_of(request) or '(no route)'}"
