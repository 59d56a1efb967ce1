"""The panel itself: it watches a request, and keeps plain values for the store of the toolbar."""

from typing import Any

from asgiref.sync import iscoroutinefunction
from debug_toolbar.panels import Panel
from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.templatetags.static import static
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from quell.contrib.debug_toolbar.facts import facts_of
from quell.guard import guarded
from quell.lineage._patches import installation
from quell.middleware import QuellMiddleware, label_of
from quell.pipeline import logged_watch, watch

_OURS = f"{QuellMiddleware.__module__}.{QuellMiddleware.__qualname__}"


class QuellPanel(Panel):
    """
    Shows the findings of a request, each with the code to write, and its fetches as a tree over time.

    It watches the request by itself, with ``QuellMiddleware`` and without it. Where that comes behind the middleware
    of the toolbar, it leaves the request to the panel, which then reports in its place.

    Cost: that of a watch and of one analysis per request; nothing while the panel is off.
    """

    is_async = True
    title = _("Needless database work")
    nav_title = _("quell")
    template = "quell/toolbar/panel.html"
    _watch: watch | None = None

    @property
    def nav_subtitle(self) -> str:
        """What the request came to, in words."""
        stats = self.get_stats()
        if not stats:
            return ""
        count, needless = len(stats["findings"]), stats["needless_count"]
        if not count:
            return str(_("nothing needless"))
        found = ngettext("%(count)d finding", "%(count)d findings", count) % {"count": count}
        saved = ngettext("%(count)d needless query", "%(count)d needless queries", needless)
        return f"{found}, {saved % {'count': needless}}"

    @property
    def scripts(self) -> list[str]:
        """What copies a fix."""
        return [*super().scripts, static("quell/toolbar.js")]

    @classmethod
    def get_urls(cls) -> list[URLPattern]:
        """Return the page that shows a line of code."""
        # What it uses of the toolbar needs the models of that.
        from quell.contrib.debug_toolbar import views

        return [path("quell_source/", views.source, name="quell_source")]

    @classmethod
    def run_checks(cls) -> list[CheckMessage]:
        """Report that the templates of the panel cannot be found (quell.E008)."""
        if apps.is_installed("quell"):
            return []
        hint = 'Add "quell" to INSTALLED_APPS: its folder has the templates and the styles of the panel.'
        return [Error("QuellPanel needs the application quell.", hint=hint, id="quell.E008")]

    def process_request(self, request: HttpRequest) -> Any:  # noqa: ANN401 -- a response, or what to await for it
        """Answer a request, and watch it meanwhile."""
        # On and off with each request would slow QuerySet down for good.
        guarded(lambda: True, None, installation.keep)
        # Somebody who logs findings goes on to read them in the log.
        self._watch = made = logged_watch() if _OURS in settings.MIDDLEWARE else watch()
        # See QuellMiddleware: one request, one watch.
        request.quell_watch = made  # type: ignore[attr-defined]  # a mark on the request
        if self._is_async():
            return self._answer(request, made)
        with made:
            try:
                return super().process_request(request)
            finally:
                made.label = label_of(request)

    async def _answer(self, request: HttpRequest, made: watch) -> HttpResponseBase:
        async with made:
            try:
                response: HttpResponseBase = await super().process_request(request)
            finally:
                made.label = label_of(request)
        return response

    def _is_async(self) -> bool:
        """Tell whether the middleware of the toolbar awaits; the panels between are no coroutine functions."""
        inner = self.get_response
        while isinstance(owner := getattr(inner, "__self__", None), Panel):
            inner = owner.get_response
        return iscoroutinefunction(inner)

    def generate_stats(self, request: HttpRequest, response: HttpResponseBase) -> None:
        """Keep what the request came to, as values that any store can hold."""
        if self._watch is None:
            return
        seen, self._watch = self._watch, None
        stats = guarded(seen.scope.switch_off, None, facts_of, seen)
        self.record_stats(stats or {"has_failed": True, "findings": [], "needless_count": 0})
