"""What a test asserts about the queries of a block."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import pairwise

from quell.events import QueryEvent
from quell.exceptions import UsageError
from quell.findings import CODES, Finding, docs_url, of_level
from quell.pipeline import watch
from quell.reporting.places import spot_of
from quell.reporting.text import plural
from quell.silencing.blocks import ignore
from quell.sqltext.fingerprint import fingerprint
from quell.testing.colouring import paint
from quell.testing.placing import shown
from quell.testing.serving import served
from quell.testing.setting_up import factories_apart

# A watch around the test sees one function again and again, which is meant here.
_REASON = "assert_constant_queries() runs the function at each size"


def quell_watch(*, label: str = "") -> watch:
    """Return a watch to open; the fixture of this name is one that runs."""
    return watch(label=label)


@contextmanager
def assert_max_queries(maximum: int) -> Iterator[watch]:
    """
    Fail if the block runs more queries than that.

    Raises:
        AssertionError: At the end of the block, with the queries by shape, their lines and the fix.
    """
    __tracebackhide__ = True  # Of pytest: the failure shows the line of the test, not this source.
    with watch() as seen, served(), factories_apart():
        yield seen
    message = excess(seen, maximum)
    if message:
        raise AssertionError(message)


def excess(seen: watch, maximum: int, *, queries: Sequence[QueryEvent] | None = None) -> str:
    """Return what to say of a watch that saw more queries than that, all or these; nothing of any other."""
    counted = seen.queries if queries is None else queries
    count = len(counted) + seen.dropped_count
    if count <= maximum:
        return ""
    head = f"{plural(count, 'query', 'queries')} ran, at most {maximum} may."
    return "\n".join([head, *_shape_lines(counted), *finding_lines(seen.findings)])


@contextmanager
def assert_no_findings(*, advice: bool = False) -> Iterator[watch]:
    """
    Fail if the block does needless database work.

    Args:
        advice: Whether to fail on advice, too, such as that of Q110.

    Raises:
        AssertionError: At the end of the block, with each finding and its fix.
    """
    __tracebackhide__ = True
    with watch() as seen, served(), factories_apart():
        yield seen
    found = seen.findings if advice else of_level(seen.findings, "problem")
    if found:
        head = f"{plural(len(found), 'finding')}:"
        raise AssertionError("\n".join([head, *finding_lines(found)]))


def assert_constant_queries(
    fn: Callable[[], object], *, grow: Callable[[int], object], sizes: Sequence[int] = (2, 5)
) -> None:
    """
    Fail if a query runs more often the more rows there are.

    Args:
        fn: What to measure. At each size it runs once unmeasured, then measured.
        grow: Called with the number of rows to add; its queries do not count, and its rows stay.
        sizes: How many rows there are at each measurement, in rising order.

    Raises:
        AssertionError: If a shape of query runs more often at a larger size.
        UsageError: If sizes do not rise, or ``fn`` ran no query.
    """
    __tracebackhide__ = True
    steps = [size - before for before, size in zip((0, *sizes), sizes, strict=False)]
    if len(steps) < 2 or min(steps) < 1:
        msg = f"assert_constant_queries() needs two or more sizes that rise, such as (2, 5), not {sizes!r}."
        raise UsageError(msg)
    seen = []
    for step in steps:
        with ignore(*CODES, reason=_REASON):
            grow(step)
            fn()
            with watch() as measured, served():
                fn()
        if not measured.queries:
            msg = "assert_constant_queries(): fn() ran no query, so there is nothing to compare."
            raise UsageError(msg)
        seen.append(measured)
    counts = [Counter(_shape(event) for event in each.queries) for each in seen]
    grown = [shape for shape in counts[-1] if _is_growing([count[shape] for count in counts])]
    grown += [shape for count in counts[:-1] for shape in count if _is_growing([c[shape] for c in counts])]
    if grown:
        lines = [f"{plural(len(set(grown)), 'query grows', 'queries grow')} with the number of rows:"]
        for shape in dict.fromkeys(grown):
            numbers = ", ".join(f"{c[shape]} at {size} rows" for c, size in zip(counts, sizes, strict=True))
            events = [event for each in seen for event in each.queries if _shape(event) == shape]
            lines += [f"  {paint(numbers, 'bold')}: {shape}", *_spot_lines(events)]
        findings = [item.finding for item in seen[-1].silenced if item.reason == _REASON]
        raise AssertionError("\n".join([*lines, *finding_lines(findings)]))


def finding_lines(findings: Iterable[Finding]) -> list[str]:
    """Return each finding as lines: what happened, the place with the code to write, the cause, the page to read."""
    lines = []
    for finding in findings:
        what = paint(f"{finding.code} {finding.model} {finding.path}".rstrip(), "red")
        lines.append(f"{what}: {finding.message or plural(finding.count, 'query', 'queries')}")
        spot = spot_of(finding)
        place = shown(spot) if spot is not None else "unknown place"
        lines.append(f"  {paint(place, 'cyan')}: {paint(finding.suggestion, 'green')}")
        if finding.trigger not in {None, finding.origin}:
            lines.append(f"  because of {shown(finding.trigger)}")
        lines.extend(f"    {line}".rstrip() for line in finding.listing.splitlines())
        lines.append(f"  docs: {docs_url(finding.code)}")
    return lines


class QuellAssertions:
    """The assertions as methods, to mix into a ``TestCase``."""

    def assert_max_queries(self, maximum: int) -> AbstractContextManager[watch]:
        """Fail if the block runs more queries than that."""
        return assert_max_queries(maximum)

    def assert_no_findings(self, *, advice: bool = False) -> AbstractContextManager[watch]:
        """Fail if the block does needless database work; with ``advice`` also on advice."""
        return assert_no_findings(advice=advice)

    def assert_constant_queries(
        self, fn: Callable[[], object], *, grow: Callable[[int], object], sizes: Sequence[int] = (2, 5)
    ) -> None:
        """Fail if a query runs more often the more rows there are."""
        __tracebackhide__ = True
        assert_constant_queries(fn, grow=grow, sizes=sizes)


def _shape(event: QueryEvent) -> str:
    return fingerprint(event.sql)


def _is_growing(numbers: Sequence[int]) -> bool:
    return any(later > sooner for sooner, later in pairwise(numbers))


def _shape_lines(events: Sequence[QueryEvent]) -> list[str]:
    shapes = Counter(map(_shape, events))
    lines = []
    for shape, count in shapes.most_common():
        lines += [
            f"  {paint(f'{count} x', 'bold')} {shape}",
            *_spot_lines([each for each in events if _shape(each) == shape]),
        ]
    return lines


def _spot_lines(events: Iterable[QueryEvent]) -> list[str]:
    return [f"      at {spot}" for spot in dict.fromkeys(shown(event.trigger) for event in events)]
