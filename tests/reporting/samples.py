"""Reports to render: a usual one, and one whose names are made to break out of whatever holds them."""

from pathlib import Path

from quell.events import Fetch, Location, QueryEvent, Recording
from quell.findings import Finding, Proof, Silenced
from quell.reporting.report import Page, Report
from quell.reporting.trace import Trace, trace_of
from quell.silencing.baseline import Entry

ROOT = "/project"
ORIGIN = Location(f"{ROOT}/shop/views.py", 7, "tickets")
TRIGGER = Location(f"{ROOT}/shop/templates/tickets.html", 3)
HOSTILE = "</script></style>\"'><script>alert(1)</script>\n`|%,:&@all\x07\u2028"


def finding(**changes: object) -> Finding:
    """Return a proven finding with some changes."""
    given: dict[str, object] = {
        "kind": "n_plus_one",
        "code": "Q101",
        "model": "shop.Ticket",
        "path": "customer",
        "count": 4,
        "saved_queries": 4,
        "origin": ORIGIN,
        "trigger": TRIGGER,
        "place": "TicketView.queryset",
        "suggestion": '.select_related("customer")',
        "message": "4 tickets each loaded their customer on their own: 4 queries, none needed",
        "labels": ("GET /tickets/",),
        "proof": Proof(
            verdict="proven",
            queries_before=5,
            queries_after=1,
            rows_before=8,
            rows_after=4,
            ms_before=12.5,
            ms_after=3.25,
        ),
        **changes,
    }
    # The names are those of the fields.
    return Finding(**given)  # type: ignore[arg-type]


def trace() -> Trace:
    """Return five statements: a queryset of tickets, and the customers of four of them one by one."""
    root = Fetch(number=1, kind="root", model="shop.Ticket", origin=ORIGIN, trigger=TRIGGER)
    lazy = [
        Fetch(number=n, kind="lazy", model="shop.Customer", parent=1, hops=("customer",), trigger=TRIGGER)
        for n in range(2, 6)
    ]
    return trace_of(Recording(queries=tuple(map(_event, range(1, 6))), fetches=(root, *lazy)), ms=10)


def _event(number: int) -> QueryEvent:
    customer = f'SELECT "name" FROM "shop_customer" WHERE "id" = {number} AND "name" = \'secret\''
    return QueryEvent(
        sql='SELECT "id" FROM "shop_ticket"' if number == 1 else customer,
        alias="default",
        start_ms=float(number),
        duration_ms=0.5,
        row_count=4 if number == 1 else 1,
        operation="select",
        trigger=TRIGGER,
        many=False,
        fetch=number,
    )


def report(root: str = ROOT) -> Report:
    """Return a report with something of everything."""
    found, other = finding(), finding(path="shop", proof=Proof(verdict="not proven", reason="it writes"))
    advice = finding(code="Q104", kind="duplicate_query", level="advice", path="", origin=None, proof=None)
    entry = Entry(fingerprint="0" * 16, code="Q101", model="shop.Ticket", path="gone", origin="x", labels=())
    page = Page(
        path="/tickets/",
        label="GET /tickets/",
        queries=5,
        queries_fixed=1,
        rows=8,
        rows_fixed=4,
        ms=12.5,
        ms_fixed=3.25,
        findings=(found, other, advice),
        silenced=(Silenced(finding=finding(path="a"), by="comment", where="views.py:7", reason="few rows"),),
        trace=trace(),
    )
    return Report(
        pages=(
            page,
            Page(path="/good/", label="GET /good/", queries=1, ms=2.0),
            Page(path="/raises/", label="GET /raises/", problem="raises ValueError: no", is_broken=True),
            Page(path="/private/", label="GET /private/", problem="needs a login: name a user with --user"),
        ),
        findings=(found, other, advice),
        known=(finding(path="known"),),
        stale=(entry,),
        silenced=page.silenced,
        remarks=('views.py:9 names the unknown code "Q1O1". Did you mean "Q101"?',),
        baseline="quell-baseline.json",
        root=root,
    )


def hostile_report() -> Report:
    """Return a report in which everything that a project may name is hostile."""
    spot = Location(f"/{HOSTILE}", 1, HOSTILE)
    found = finding(
        model=HOSTILE,
        path=HOSTILE,
        origin=spot,
        trigger=spot,
        place=HOSTILE,
        suggestion=HOSTILE,
        message=HOSTILE,
        labels=(HOSTILE,),
        proof=Proof(verdict="not proven", reason=HOSTILE),
    )
    query = QueryEvent(
        sql=f'SELECT "{HOSTILE}" FROM t',
        alias=HOSTILE,
        duration_ms=1,
        row_count=-1,
        operation="select",
        trigger=spot,
        many=False,
        fetch=1,
    )
    fetch = Fetch(number=1, kind="root", model=HOSTILE, origin=spot, trigger=spot)
    seen = trace_of(Recording(queries=(query,), fetches=(fetch,)), ms=1)
    page = Page(path=HOSTILE, label=HOSTILE, note=HOSTILE, findings=(found,), trace=seen)
    failed = Page(path=HOSTILE, label=HOSTILE, problem=HOSTILE, is_broken=True)
    silenced = Silenced(finding=found, by="comment", where=HOSTILE, reason=HOSTILE)
    return Report(
        pages=(page, failed),
        findings=(found,),
        silenced=(silenced,),
        remarks=(HOSTILE,),
        baseline=HOSTILE,
        root=str(Path("/")),
    )
