"""The watch around the call of a test, and what ``--quell-report`` says about all of them."""

import functools
import inspect
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from quell.exceptions import UsageError
from quell.findings import Finding
from quell.paths import portable_path
from quell.pipeline import watch
from quell.reporting.text import plural
from quell.silencing.patterns import holds, means, parse, problems
from quell.testing.asserting import finding_lines, refuse_more

# What builds the rows of a test is no code under test.
_SETUP = re.compile(r"(^|/)(conftest|factory|factories|\w+_factory|\w+_factories)\.py$|(^|/)factories/")
_LONGEST = 10


@contextmanager
def watched(item: pytest.Item, seen: watch) -> Iterator[None]:
    """
    Open a watch around the call of a test.

    A coroutine runs in a context of its own that a plugin made earlier, so there the watch opens inside of it.
    """
    function = getattr(item, "obj", None)
    if not inspect.iscoroutinefunction(function):
        with seen:
            yield
        return

    @functools.wraps(function)
    async def inside(*args: object, **kwargs: object) -> object:
        async with seen:
            return await function(*args, **kwargs)

    item.obj = inside  # type: ignore[attr-defined]  # only functions have it
    try:
        yield
    finally:
        item.obj = function  # type: ignore[attr-defined]  # as above


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
            self.max_queries = marker.kwargs.get("max_queries", self.max_queries)
            self._ignored += marker.kwargs.get("ignore", ())
        for fact, hint in problems(self._ignored):
            msg = f"@pytest.mark.quell(ignore=...): {fact}. {hint}"
            raise UsageError(msg)

    def left(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Return the problems that the test answers for: none that it ignores, none of its setup."""
        patterns = parse(self._ignored)
        return tuple(
            finding
            for finding in findings
            if finding.level == "problem"
            and not _is_setup(finding)
            and not any(means(each, finding) and _holds(each, finding) for each in patterns)
        )


def _holds(pattern: Any, finding: Finding) -> bool:  # noqa: ANN401 -- a pattern of quell.events
    return any(holds(pattern, spot) for spot in (finding.origin, finding.trigger))


def _is_setup(finding: Finding) -> bool:
    spot = finding.trigger or finding.origin
    return spot is not None and _SETUP.search(portable_path(spot.file)) is not None


def check(seen: watch, limits: Limits, *, is_strict: bool) -> None:
    """Raise AssertionError where a test ran too many queries, or is strict and has problems."""
    if limits.max_queries is not None:
        refuse_more(seen, limits.max_queries)
    problems_left = limits.left(seen.findings) if is_strict else ()
    if problems_left:
        head = f"quell: {plural(len(problems_left), 'finding')}"
        raise AssertionError("\n".join([head, *finding_lines(problems_left)]))


def data_of(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return findings as what a worker can send to its controller."""
    return [
        {
            "what": f"{each.code} {each.model} {each.path}".rstrip(),
            "spot": str(each.origin or each.trigger or "unknown place"),
            "saved": each.saved_queries,
            "suggestion": each.suggestion,
        }
        for each in findings
    ]


def summary(found: Mapping[str, list[dict[str, Any]]]) -> Iterator[str]:
    """Yield the worst tests and the worst lines, those that would save most queries first."""
    by_test: Counter[str] = Counter()
    by_spot: Counter[tuple[str, str, str]] = Counter()
    for test, items in found.items():
        for item in items:
            by_test[test] += item["saved"]
            by_spot[item["what"], item["spot"], item["suggestion"]] += item["saved"]
    if not by_spot:
        yield "no needless query"
        return
    needless = plural(by_spot.total(), "needless query", "needless queries")
    yield f"{needless} in {plural(len(by_test), 'test')}, at {plural(len(by_spot), 'place')}"
    yield from ("", "worst tests")
    yield from (f"  {count}  {test}" for test, count in by_test.most_common(_LONGEST))
    yield from ("", "worst places")
    for (what, spot, suggestion), count in by_spot.most_common(_LONGEST):
        yield f"  {count}  {what} at {spot}"
        yield f"     write  {suggestion}"
