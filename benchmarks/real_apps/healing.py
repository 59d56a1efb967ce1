"""Visit the pages under `quell.batch_loading()`: which shapes still grow, and whether the pages stay the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from locate import Locator
from oracle import Growth, Oracle, Visit, grow, visit_page
from protocol import App

# Headers that tell the time of the answer.
_CLOCKS = frozenset({"Expires", "Last-Modified", "Date"})
PLAIN, AGAIN, BATCHED = "plain", "again", "batched"


@dataclass(slots=True)
class Healing:
    """
    What came of the pages with batching.

    Attributes:
        plain: The visits without quell.
        batched: The same pages, at the same rows, inside a block.
        different: What differs in the output of a page, at the larger size.
        uncontrolled: Pages whose output differs without a change, so that nothing can be told.
    """

    plain: Oracle
    batched: Oracle
    different: dict[str, str] = field(default_factory=dict)
    uncontrolled: list[str] = field(default_factory=list)

    @property
    def still_growing(self) -> tuple[Growth, ...]:
        """Return each shape that grows under batching, its own ones included."""
        return self.batched.growths


def heal_all(app: App, sizes: tuple[int, int]) -> Healing:
    """Visit every page at both sizes: twice as it is, and once inside a block."""
    small, large = (_visit_all(app, size) for size in sizes)
    healing = Healing(Oracle(small[PLAIN], large[PLAIN]), Oracle(small[BATCHED], large[BATCHED]))
    for page, plain in large[PLAIN].items():
        _compare(healing, page, plain, large[AGAIN][page], large[BATCHED][page])
    return healing


def _visit_all(app: App, size: int) -> dict[str, dict[str, Visit]]:
    import quell

    grow(app, size)
    locator = Locator(app.libraries)
    found: dict[str, dict[str, Visit]] = {PLAIN: {}, AGAIN: {}, BATCHED: {}}
    for name, page in app.pages(size).items():
        found[PLAIN][name] = visit_page(page, locator)
        # Between the others, so that what the clock changes is masked.
        found[BATCHED][name] = visit_page(page, locator, quell.batch_loading())
        found[AGAIN][name] = visit_page(page, locator)
    return found


def _compare(healing: Healing, page: str, *visits: Visit) -> None:
    from quell.advice.comparison import Mask, Output

    answers = [
        Output(status, {name: text for name, text in headers.items() if name not in _CLOCKS}, body)
        for status, headers, body in (visit.answer for visit in visits if visit.answer is not None)
    ]
    if len(answers) < len(visits):
        healing.uncontrolled.append(page)
        return
    plain, again, batched = answers
    try:
        difference = Mask(plain, again).difference(batched)
    except ValueError:
        healing.uncontrolled.append(page)
        return
    if difference:
        healing.different[page] = difference


def healing_lines(healing: Healing) -> Iterator[str]:
    """Yield what still grows and what differs, then the totals."""
    for growth in healing.still_growing:
        yield f"{growth.page}: {growth.small} -> {growth.large} with batching: {', '.join(growth.tables)}"
        yield f"      {growth.shape[:200]}"
        yield from (f"      {site.place}" for site in growth.sites)
    for page, difference in healing.different.items():
        yield f"DIFFERENT {page}: {difference}"
    for page in healing.uncontrolled:
        yield f"UNCONTROLLED {page}: it differs without a change"
    for page, error in healing.batched.errors.items():
        yield f"FAILED with batching {page}: {error}"
    grown, still = len(healing.plain.growths), len(healing.still_growing)
    share = 100 * (grown - still) / grown if grown else 100.0
    before = sum(visit.query_count for visit in healing.plain.large.values())
    after = sum(visit.query_count for visit in healing.batched.large.values())
    yield f"batching: {grown - still} of {grown} growing shapes stop growing ({share:.1f} %)"
    yield f"queries of all pages at the larger size: {before} -> {after}"
    same = len(healing.plain.large) - len(healing.different) - len(healing.uncontrolled)
    yield f"output: {same} of {len(healing.plain.large)} pages the same"
