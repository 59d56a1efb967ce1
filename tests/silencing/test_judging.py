"""How findings are split, on plain records."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from quell.analysis.reduced import without
from quell.events import Location, Pattern, QueryEvent, Recording
from quell.findings import Finding
from quell.silencing.judging import Outcome, silence
from tests.analysis.records import TRIGGER, lazy, orphan, prefetch, recording, root, select

BLOCK = Pattern(codes=("Q101", "Q105", "Q106"), source="a block")


def _finding(code: str, **changes: object) -> Finding:
    made = Finding(kind="", code=code, model="shop.Order", count=3, saved_queries=2)
    return replace(made, **changes)  # type: ignore[arg-type]  # names are checked by replace()


def _silence(finding: Finding, seen: Recording, found: Sequence[Finding] | None = None) -> Outcome:
    def analyse(rest: Recording) -> Sequence[Finding]:
        return found if found is not None else pytest.fail("analysed again")

    return silence([finding], seen, (), analyse=analyse, without=without)


def _selects(*ignored: bool, trigger: Location | None = TRIGGER) -> tuple[QueryEvent, ...]:
    return tuple(select(ignored=(BLOCK,) if item else (), trigger=trigger, fetch=0) for item in ignored)


def test_finding_with_its_statements_is_silenced_by_them() -> None:
    """Where a finding knows its statements, neither their lines nor another analysis is asked."""
    events = _selects(True, True, trigger=None)
    finding = _finding("Q105", trigger=TRIGGER, statements=events)

    result = _silence(finding, recording(queries=(*events, *_selects(False))))

    assert result.findings == ()
    assert [item.where for item in result.silenced] == ["a block"]


def test_finding_whose_statements_ran_outside_is_not_judged_again() -> None:
    """A block around something else does not concern it."""
    events = _selects(False, False)
    finding = _finding("Q105", trigger=TRIGGER, statements=events)

    assert _silence(finding, recording(queries=(*events, *_selects(True)))) == Outcome((finding,))


def test_finding_is_judged_again_where_some_statements_ran_outside() -> None:
    """The rest has its own count; what is silenced has the difference."""
    events = _selects(True, False, False)
    finding = _finding("Q105", trigger=TRIGGER, statements=events)
    rest = replace(finding, count=2, saved_queries=1)

    result = _silence(finding, recording(queries=events), [rest, _finding("Q105", model="shop.Line")])

    assert result.findings == (rest,)
    assert [(item.finding.count, item.finding.saved_queries) for item in result.silenced] == [(1, 1)]


@pytest.mark.parametrize("is_silenced", [True, False])
def test_finding_about_what_was_loaded_is_silenced_by_its_load(is_silenced: bool) -> None:
    """The statement that loaded it decides, and not others of the same line."""
    loaded, other = root(), root()
    events = (
        select(fetch=loaded.number, ignored=(BLOCK,) if is_silenced else ()),
        select(fetch=other.number, ignored=() if is_silenced else (BLOCK,)),
    )
    finding = _finding("Q106", origin=TRIGGER, trigger=TRIGGER, fetches=(loaded.number,))

    result = _silence(finding, recording(loaded, other, queries=events))

    assert bool(result.silenced) is is_silenced
    assert bool(result.findings) is not is_silenced


def test_no_findings_ask_nothing() -> None:
    """Correct code costs no look at the source."""
    assert silence([], recording(), (), analyse=lambda _: (), without=without) == Outcome()


def test_statement_that_is_taken_out_takes_its_fetch_along() -> None:
    """Others stay as they are."""
    orders = root()
    one, two = lazy(orders, "customer"), lazy(orders, "customer")
    events = tuple(select(fetch=fetch.number) for fetch in (orders, one, two))

    rest = without(recording(orders, one, two, queries=events), events[1:2])

    assert rest == Recording(queries=(events[0], events[2]), fetches=(orders, two))


def test_fetch_that_leads_to_others_stays_as_if_loaded_at_once() -> None:
    """The path from the root is kept, and it is no load on demand any more."""
    orders = root()
    customers = [lazy(orders, "customer"), lazy(orders, "customer")]
    cities = [lazy(customer, "city") for customer in customers]
    events = tuple(select(fetch=fetch.number) for fetch in customers)

    rest = without(recording(orders, *customers, *cities, queries=events), events)

    assert [(item.kind, item.hops) for item in rest.fetches] == [
        ("root", ()),
        ("prefetch", ("customer",)),
        ("prefetch", ("customer",)),
        ("lazy", ("city",)),
        ("lazy", ("city",)),
    ]


def test_list_that_one_row_loaded_stays_what_it_is() -> None:
    """It may be the queryset to change, and is no repeat."""
    order = root()
    lines = lazy(order, "lines", is_single=False)
    events = (select(fetch=lines.number),)

    rest = without(recording(order, lines, lazy(lines, "product"), queries=events), events)

    assert rest.fetches[1] == lines


def test_orphans_and_prefetches_lead_on_as_well() -> None:
    """What no fetch of the process led to becomes a root."""
    alone = [orphan("lines"), orphan("lines")]
    below = [lazy(item, "product") for item in alone]
    events = tuple(select(fetch=item.number) for item in alone)
    order = root()
    loaded = prefetch(order, "lines")

    rest = without(recording(*alone, *below, order, loaded, queries=events), events)

    assert [item.kind for item in rest.fetches] == ["root", "root", "lazy", "lazy", "root", "prefetch"]


@pytest.mark.parametrize(("break_at", "moved"), [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2)])
def test_reduced_recording_moves_its_breaks(break_at: int, moved: int) -> None:
    """A break stays between the statements that it lay between."""
    gone, first, also_gone, last = events = _selects(True, False, True, False)

    rest = without(recording(queries=events, breaks=(break_at,)), [gone, also_gone])

    assert (rest.queries, rest.breaks) == ((first, last), (moved,))
