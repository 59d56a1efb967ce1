"""The watch around the call of a test, and what ``--quell-report`` says about all of them."""

import functools
import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

import pytest
from _pytest.unittest import TestCaseFunction

from quell.events import Location, QueryEvent
from quell.exceptions import UsageError
from quell.findings import Finding, docs_url, of_level
from quell.paths import portable_path
from quell.pipeline import watch
from quell.reporting.places import spot_of
from quell.reporting.text import plural
from quell.silencing.patterns import holds, means, parse, problems
from quell.testing.asserting import excess, finding_lines
from quell.testing.placing import shown
from quell.testing.serving import served
from quell.testing.setting_up import factories_apart, is_of_factory

# What builds the rows of a test is no code under test.
_SETUP = re.compile(r"(^|/)(conftest|factory|factories|\w+_factory|\w+_factories)\.py$|(^|/)factories/")
_LONGEST = 10
_Place: TypeAlias = tuple[str, str, str, str]


@contextmanager
def watched(item: pytest.Item, seen: watch) -> Iterator[None]:
    """
    Let the function of a test run inside of a watch, and nothing else of the call.

    The ``setUp()`` of a test case belongs to the call, and a coroutine runs in a context that was made earlier.
    """
    test: Any = item
    function = getattr(item, "obj", None)
    if not callable(function):
        # A test of a kind that has no function, such as a text file.
        with seen:
            yield
        return
    test.obj = within(seen, function)
    # pytest-django runs a test case by itself, which takes the method from the instance.
    case: Any = item.instance if isinstance(item, TestCaseFunction) else None
    if case is not None:
        setattr(case, item.name, test.obj)
    try:
        yield
    finally:
        test.obj = function
        if case is not None:
            vars(case).pop(item.name, None)


def within(seen: watch, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that runs another one, sync or async, inside of a watch."""
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def run_async(*args: object, **kwargs: object) -> object:
            async with seen:
                with served(), factories_apart():
                    return await function(*args, **kwargs)

        return run_async

    @functools.wraps(function)
    def run(*args: object, **kwargs: object) -> object:
        with seen, served(), factories_apart():
            return function(*args, **kwargs)

    return run


class Limits:
    """What the marker of a test says."""

    def __init__(self, item: pytest.Item) -> None:
        self.max_queries: int | None = None
        self._ignored: list[object] = []
        # The closest marker comes last, and has the say about the number.
        for marker in reversed(list(item.iter_markers("quell"))):
            if marker.args or marker.kwargs.keys() - {"max_queries", "ignore"}:
                msg = "@pytest.mark.quell() takes max_queries=5 and ignore=[...] only."
                raise UsageError(msg)
            self.max_queries = _number(marker.kwargs.get("max_queries", self.max_queries))
            ignored = marker.kwargs.get("ignore", ())
            if not isinstance(ignored, (list, tuple)):
                msg = f'@pytest.mark.quell(ignore={ignored!r}) has to be a list, such as ["Q101"].'
                raise UsageError(msg)
            self._ignored += ignored
        for fact, hint in problems(self._ignored):
            msg = f"@pytest.mark.quell(ignore=...): {fact}. {hint}"
            raise UsageError(msg)

    def left(self, findings: Iterable[Finding], *, with_advice: bool = False) -> tuple[Finding, ...]:
        """Return the problems that the test answers for: none that it ignores, none of its setup."""
        patterns = parse(self._ignored)
        return tuple(
            finding
            for finding in (findings if with_advice else of_level(findings, "problem"))
            if not _is_setup(finding.trigger or finding.origin)
            and not any(means(each, finding) and _holds(each, finding) for each in patterns)
        )


def _number(value: object) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    msg = f"@pytest.mark.quell(max_queries={value!r}) has to be a number of queries."
    raise UsageError(msg)


def _holds(pattern: Any, finding: Finding) -> bool:  # noqa: ANN401 -- a pattern of quell.events
    return any(holds(pattern, spot) for spot in (finding.origin, finding.trigger))


def _is_setup(spot: Location | None) -> bool:
    return spot is not None and _SETUP.search(portable_path(spot.file)) is not None


def _own_queries(seen: watch) -> list[QueryEvent]:
    return [each for each in seen.queries if not (is_of_factory(each) or _is_setup(each.trigger))]


def verdict(seen: watch, limits: Limits, *, is_strict: bool) -> str:
    """Return what is wrong with a test that ran too many queries, or that is strict and has problems."""
    limit = limits.max_queries
    message = excess(seen, limit, queries=_own_queries(seen)) if limit is not None else ""
    left = limits.left(seen.findings) if is_strict else ()
    if message or not left:
        return message
    return "\n".join([f"quell: {plural(len(left), 'finding')}", *finding_lines(left)])


def data_of(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return findings as what a worker can send to its controller."""
    return [
        {
            "what": f"{each.code} {each.model} {each.path}".rstrip(),
            "docs": docs_url(each.code),
            "spot": shown(spot) if (spot := spot_of(each)) is not None else "unknown place",
            "saved": each.saved_queries,
            "count": each.count,
            "is_advice": each.level == "advice",
            "suggestion": each.suggestion,
        }
        for each in findings
    ]


def summary(found: Mapping[str, list[dict[str, Any]]]) -> Iterator[str]:
    """Yield the worst tests and the worst lines, those that would save most queries first."""
    by_test: Counter[str] = Counter()
    by_spot: Counter[_Place] = Counter()
    advice: Counter[_Place] = Counter()
    for test, items in found.items():
        for item in items:
            spot = item["what"], item["spot"], item["suggestion"], item["docs"]
            if item["is_advice"]:
                advice[spot] += item["count"]
            else:
                by_test[test] += item["saved"]
                by_spot[spot] += item["saved"]
    yield from _needless(by_test, by_spot)
    if advice:
        yield from ("", "advice", *_places(advice))


def _needless(by_test: Counter[str], by_spot: Counter[_Place]) -> Iterator[str]:
    if not by_spot:
        yield "no needless query"
        return
    needless = plural(by_spot.total(), "needless query", "needless queries")
    yield f"{needless} in {plural(len(by_test), 'test')}, at {plural(len(by_spot), 'place')}"
    yield from ("", "worst tests")
    yield from (f"  {count}  {test}" for test, count in by_test.most_common(_LONGEST))
    yield from ("", "worst places", *_places(by_spot))


def _places(by_spot: Counter[_Place]) -> Iterator[str]:
    for (what, spot, suggestion, docs), count in by_spot.most_common(_LONGEST):
        yield f"  {count}  {what} at {spot}"
        yield f"     write  {suggestion}"
        yield f"     docs   {docs}"
