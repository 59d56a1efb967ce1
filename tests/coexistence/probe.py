"""
Run the same work under quell, under another tool, and under both in every order.

Usage: ``QUELL_NEIGHBOUR=zeal python -m tests.coexistence.probe [first|between|inside]``; the last line of output is
JSON. The argument says when nplusone patches Django: before quell is imported, between that and the first watch, or
inside of that.
"""

import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeAlias

# What a tool says about a block, once that has ended.
Opened: TypeAlias = AbstractContextManager[Callable[[], object]]


def _ours() -> Opened:
    import quell

    @contextmanager
    def opened() -> Iterator[Callable[[], object]]:
        with quell.watch() as watch:
            yield lambda: describe(watch.findings)

    return opened()


def describe(findings: Any) -> list[str]:
    """Return everything that a person would compare of some findings."""
    return sorted(
        f"{item.kind} {item.model} {item.path} {item.count} {item.origin} {item.trigger} {item.suggestion}"
        for item in findings
    )


def _theirs() -> Opened:
    from benchmarks.peer_tools import TOOLS

    wanted = {"debug_toolbar": "debug toolbar, SQL panel", "nplusone": "nplusone", "zeal": "django-zeal"}
    name = wanted[os.environ["QUELL_NEIGHBOUR"]]
    return next(tool.watch for tool in TOOLS if tool.name == name)()


def _nested(outer: Callable[[], Opened], inner: Callable[[], Opened], work: Callable[[], object]) -> Any:
    with outer() as first, inner() as second:
        work()
    return first(), second()


def _crossed(outer: Callable[[], Opened], inner: Callable[[], Opened], work: Callable[[], object]) -> Any:
    one, other = outer(), inner()
    first, second = one.__enter__(), other.__enter__()
    work()
    one.__exit__(None, None, None)
    other.__exit__(None, None, None)
    return first(), second()


def blocks(work: Callable[[], object]) -> dict[str, Any]:
    """Return what both tools say, by the order in which they were opened and closed."""
    with _ours() as ours:
        work()
    with _theirs() as theirs:
        work()
    found = {"ours": ours(), "theirs": theirs()}
    for name, combine in (("nested", _nested), ("crossed", _crossed)):
        found[f"{name}_ours_outside"], found[f"{name}_theirs_inside"] = combine(_ours, _theirs, work)
        found[f"{name}_theirs_outside"], found[f"{name}_ours_inside"] = combine(_theirs, _ours, work)
    return found


def requests() -> dict[str, Any]:
    """Return what both tools say about one page, by the order of their middleware."""
    from django.test import Client, override_settings

    from quell.signals import findings_reported
    from tests.coexistence.settings import ORDERS

    heard: list[list[str]] = []

    def receive(**message: Any) -> None:
        heard.append(describe(message["findings"]))

    findings_reported.connect(receive)
    found: dict[str, Any] = {}
    for name, middleware in ORDERS.items():
        heard.clear()
        with override_settings(MIDDLEWARE=middleware), recorded() as answer:
            response = Client().get("/page/")
        assert response.status_code == 200
        found[name] = {"ours": list(heard), "theirs": answer()}
    return found


@contextmanager
def recorded() -> Iterator[Callable[[], object]]:
    """Listen to what the middleware of the other tool records."""
    name = os.environ["QUELL_NEIGHBOUR"]
    found: list[Any] = []
    if name == "silk":
        from silk.models import Request

        # Its own statements are none of the application's.
        yield lambda: [request.queries.count() for request in Request.objects.all()][-1:]
    elif name == "debug_toolbar":
        from debug_toolbar.toolbar import DebugToolbar

        def receive(toolbar: Any, **_: object) -> None:
            found.append(toolbar.get_panel_by_id("SQLPanel"))

        DebugToolbar._created.connect(receive)
        yield lambda: [len(panel.get_stats()["queries"]) for panel in found if panel is not None]
    else:
        with _listening(found):
            yield lambda: len(found)


@contextmanager
def _listening(found: list[Any]) -> Iterator[None]:
    import logging

    handler = logging.Handler(logging.DEBUG)
    # A handler of one line.
    handler.emit = found.append  # type: ignore[method-assign, assignment]
    logger = logging.getLogger("nplusone")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        yield
    found.extend(seen)


def changes() -> list[str]:
    """Return the names of what is not Django's own now."""
    from tests.watching.probes import changed_names

    return changed_names()


def main(when: str = "first") -> None:
    """Print what happened."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.coexistence.settings"
    import django
    from django.test.utils import setup_databases, teardown_databases

    from tests.coexistence.settings import MIDDLEWARE_OF_NEIGHBOUR, NEIGHBOUR

    django.setup()
    neighbour = NEIGHBOUR
    if neighbour == "nplusone" and when == "first":
        _install_nplusone()
    databases = setup_databases(verbosity=0, interactive=False)
    from tests.coexistence.urls import work
    from tests.scenarios.world import populate

    populate()
    found: dict[str, Any] = {"before": changes()}
    if neighbour == "nplusone" and when != "first":
        _install_late(when)
        found["before"] = changes()
    if neighbour == "auto_prefetch":
        from tests.coexistence.prefetched import rows

        with _ours() as ours:
            found["rows"] = rows.read()
        found["auto_prefetch"] = ours()
    if neighbour in {"debug_toolbar", "nplusone", "zeal"}:
        found["blocks"] = blocks(work)
    with _ours() as ours:
        work()
    found["ours"] = ours()
    found["after"] = changes()
    if MIDDLEWARE_OF_NEIGHBOUR:
        found["requests"] = requests()
    teardown_databases(databases, verbosity=0)
    sys.stdout.write(f"{json.dumps(found)}\n")


def _install_late(when: str) -> None:
    with _ours():
        if when == "inside":
            _install_nplusone()
    if when == "between":
        _install_nplusone()


def _install_nplusone() -> None:
    from benchmarks.peer_tools import TOOLS

    next(tool for tool in TOOLS if tool.name == "nplusone").prepare()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(*sys.argv[1:])
