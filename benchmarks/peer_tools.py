"""
The tools that are compared: how each is installed, opened around a block, and asked what it reports.

Nothing of a tool is imported before it is chosen, so that a process with bare Django holds bare Django.
"""

import inspect
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeAlias

VARIABLE = "QUELL_PEER"

# Called after the block: how many reports there are.
Answer: TypeAlias = Callable[[], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """
    A tool in one state.

    Attributes:
        name: For the table.
        watch: Opens the tool around a block, and yields what answers afterwards.
        package: Its distribution; empty for bare Django.
        apps: What it adds to ``INSTALLED_APPS``.
        settings: What it needs besides.
        prepare: Called once when Django is set up.
        is_detecting: Whether it looks for anything in this state.
    """

    name: str
    watch: Callable[[], AbstractContextManager[Answer]]
    package: str = ""
    apps: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    prepare: Callable[[], object] = lambda: None
    is_detecting: bool = True


@contextmanager
def _nothing() -> Iterator[Answer]:
    yield lambda: 0


@contextmanager
def _quell() -> Iterator[Answer]:
    import quell

    with quell.watch() as watch:
        yield lambda: len(watch.findings)


@contextmanager
def _quell_profile() -> Iterator[Answer]:
    import quell

    opened: Any = quell.watch
    with opened(profile=True) as watch:
        yield lambda: len(watch.findings)


def has_profile() -> bool:
    """Tell whether this quell has ``watch(profile=True)``."""
    import quell

    return "profile" in inspect.signature(quell.watch).parameters


def _keep_quell() -> None:
    from django.http import HttpRequest, HttpResponse

    from quell.middleware import QuellMiddleware

    def answer(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    QuellMiddleware(answer)


@contextmanager
def _zeal() -> Iterator[Answer]:
    import warnings

    from zeal import zeal_context
    from zeal.signals import nplusone_detected

    found: list[object] = []

    def receive(**message: object) -> None:
        found.append(message["exception"])

    nplusone_detected.connect(receive)
    # It warns at each hit; what a project does with a warning is no cost of zeal's.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zeal_context():
            yield lambda: len(found)
    nplusone_detected.disconnect(receive)


def _patch_nplusone() -> None:
    """Install nplusone's hooks, and hand them the three arguments that they unpack: Django 6.1 passes a fourth."""
    from django.db.models import query
    from nplusone.ext.django import patch

    populator: Any = query.RelatedPopulator
    original = populator.__init__

    def initialize(self: Any, *args: Any) -> None:
        original(self, *args)
        self.__nplusone__["args"] = args[:3]

    assert patch is not None
    populator.__init__ = initialize


class _Messages:
    """What nplusone and django-nplus1 hand their messages to."""

    def __init__(self) -> None:
        self.found: list[object] = []

    def notify(self, message: object) -> None:
        """Keep a message."""
        self.found.append(message)


@contextmanager
def _nplusone() -> Iterator[Answer]:
    from nplusone.core.listeners import listeners

    messages = _Messages()
    opened = [kind(messages) for kind in listeners.values()]
    for listener in opened:
        listener.setup()
    try:
        yield lambda: len(messages.found)
    finally:
        for listener in opened:
            listener.teardown()


@contextmanager
def _nplus1() -> Iterator[Answer]:
    from django_nplus1 import DetectionContext

    messages = _Messages()
    with DetectionContext(notifiers=[messages]):
        yield lambda: len(messages.found)


@contextmanager
def _query_doctor() -> Iterator[Answer]:
    from django.db import connection
    from query_doctor.interceptor import build_interceptor
    from query_doctor.pipeline import analyze

    interceptor = build_interceptor()
    with connection.execute_wrapper(interceptor):
        # Its context manager does the same, and asks for the analysis at the end of the block.
        yield lambda: _count_needless(analyze(interceptor.get_queries(), source="context_manager"))


def _count_needless(prescriptions: Any) -> int:
    """Leave out what is no claim about needless work, in its favour: it proposes an index for most statements."""
    return sum(item.issue_type.value not in {"missing_index", "complexity"} for item in prescriptions)


@contextmanager
def _toolbar() -> Iterator[Answer]:
    from debug_toolbar.toolbar import DebugToolbar
    from django.http import HttpRequest, HttpResponse
    from django.test import RequestFactory

    def answer(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    request = RequestFactory().get("/")
    panel: Any = DebugToolbar(request, answer).get_panel_by_id("SQLPanel")
    panel.enable_instrumentation()
    try:
        yield lambda: _repeated(panel, request)
    finally:
        panel.disable_instrumentation()


def _repeated(panel: Any, request: Any) -> int:
    panel.generate_stats(request, None)
    queries = panel.get_stats()["queries"]
    return sum("similar_count" in query or "duplicate_count" in query for query in queries)


TOOLS = (
    Tool(name="bare Django", watch=_nothing, is_detecting=False),
    Tool(name="bare again", watch=_nothing, is_detecting=False),
    Tool(name="quell, idle", watch=_nothing, apps=("quell",), prepare=_keep_quell, is_detecting=False),
    Tool(name="quell", watch=_quell, apps=("quell",), settings={"QUELL_ON_ERROR": "raise"}),
    Tool(name="quell, profile", watch=_quell_profile, apps=("quell",), settings={"QUELL_ON_ERROR": "raise"}),
    Tool(
        name="django-zeal, idle",
        watch=_nothing,
        package="django-zeal",
        apps=("zeal",),
        is_detecting=False,
    ),
    Tool(
        name="django-zeal",
        watch=_zeal,
        package="django-zeal",
        apps=("zeal",),
        settings={"ZEAL_RAISE": False},
    ),
    Tool(
        name="nplusone, idle",
        watch=_nothing,
        package="nplusone",
        prepare=_patch_nplusone,
        is_detecting=False,
    ),
    Tool(name="nplusone", watch=_nplusone, package="nplusone", prepare=_patch_nplusone),
    Tool(
        name="django-nplus1, idle",
        watch=_nothing,
        package="django-nplus1",
        apps=("django_nplus1",),
        is_detecting=False,
    ),
    Tool(name="django-nplus1", watch=_nplus1, package="django-nplus1", apps=("django_nplus1",)),
    Tool(
        name="django-query-doctor",
        watch=_query_doctor,
        package="django-query-doctor",
        apps=("query_doctor",),
    ),
    Tool(
        name="debug toolbar, SQL panel",
        watch=_toolbar,
        package="django-debug-toolbar",
        apps=("django.contrib.staticfiles", "debug_toolbar"),
        settings={"STATIC_URL": "/static/"},
    ),
)


def chosen() -> Tool:
    """Return the tool that this process is for."""
    return next(tool for tool in TOOLS if tool.name == os.environ[VARIABLE])


def version_of(tool: Tool) -> str:
    """Return the version of the tool that is installed, or nothing."""
    try:
        return version(tool.package) if tool.package else ""
    except PackageNotFoundError:
        return ""


def available() -> tuple[Tool, ...]:
    """Return the tools that are installed here."""
    known = tuple(tool for tool in TOOLS if not tool.package or version_of(tool))
    return tuple(tool for tool in known if tool.watch is not _quell_profile or has_profile())


def check_bare() -> None:
    """
    Make sure that nothing of quell ran where another tool was measured.

    Raises:
        RuntimeError: If quell was imported.
    """
    if not chosen().name.startswith("quell") and "quell" in sys.modules:
        msg = f"quell was imported where {chosen().name} was measured"
        raise RuntimeError(msg)
