"""What a report tells about the statements of a run."""

from quell.events import Fetch, QueryEvent, Recording
from quell.reporting.trace import MAX_RUNS, trace_of
from tests.reporting.samples import ORIGIN, TRIGGER, trace


def _event(sql: str = "SELECT 1", *, fetch: int = 0, row_count: int = 1, start_ms: float = 0) -> QueryEvent:
    return QueryEvent(
        sql=sql,
        alias="default",
        start_ms=start_ms,
        duration_ms=1.0,
        row_count=row_count,
        operation="select",
        trigger=TRIGGER,
        many=False,
        fetch=fetch,
    )


def test_trace_folds_what_one_relation_loads_into_one_branch() -> None:
    """Four loads of the customer of one queryset's rows are one branch below it."""
    root, customers = trace().branches

    assert (root.model, root.parent, root.count, root.origin) == ("shop.Ticket", 0, 1, ORIGIN)
    assert (customers.path, customers.parent, customers.count) == ("customer", root.number, 4)


def test_trace_folds_statements_of_one_shape_into_one_lane() -> None:
    """Each run keeps its start and its duration."""
    tickets, customers = trace().lanes

    assert (tickets.count, customers.count, customers.branch) == (1, 4, 2)
    assert customers.runs == ((2.0, 0.5), (3.0, 0.5), (4.0, 0.5), (5.0, 0.5))


def test_trace_shows_no_literal() -> None:
    """A value in the statement is a question mark."""
    sql = trace().lanes[1].sql

    assert "secret" not in sql
    assert sql == 'SELECT "name" FROM "shop_customer" WHERE "id" = ? AND "name" = ?'


def test_trace_keeps_so_many_runs_of_a_lane() -> None:
    """The count is that of all of them."""
    (lane,) = trace_of(Recording(queries=(_event(),) * (MAX_RUNS + 5)), ms=1).lanes

    assert (lane.count, len(lane.runs)) == (MAX_RUNS + 5, MAX_RUNS)


def test_trace_does_not_invent_rows() -> None:
    """Where the driver does not tell how many one statement returned, the number of all is unknown."""
    known, unknown = (_event(row_count=2), _event(row_count=3)), (_event(), _event(row_count=-1), _event())

    assert trace_of(Recording(queries=known), ms=1).lanes[0].row_count == 5
    assert trace_of(Recording(queries=unknown), ms=1).lanes[0].row_count is None


def test_trace_is_as_long_as_its_last_statement() -> None:
    """A statement of a thread may end after the page."""
    assert trace_of(Recording(queries=(_event(start_ms=20),)), ms=10).ms == 21


def test_trace_hangs_a_child_on_a_parent_with_a_later_number() -> None:
    """Parents come first, whatever their numbers are."""
    child = Fetch(number=1, kind="lazy", model="b", parent=2, hops=("b",))
    parent = Fetch(number=2, kind="root", model="a")
    first, second = trace_of(Recording(fetches=(child, parent), queries=(_event(fetch=1),)), ms=1).branches

    assert (first.model, second.model, second.parent) == ("a", "b", first.number)


def test_trace_folds_a_queryset_that_a_loop_evaluates() -> None:
    """One place in the source is one root."""
    fetches = tuple(Fetch(number=n, kind="root", model="a", origin=ORIGIN) for n in (1, 2, 3))
    (root,) = trace_of(Recording(fetches=fetches), ms=1).branches

    assert root.count == 3
