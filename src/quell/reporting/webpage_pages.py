"""The pages of the HTML report: what each costs, the tree of its querysets, and when its statements ran."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from quell.reporting.elements import Html, element, join, number, place, table
from quell.reporting.places import short
from quell.reporting.report import Page, Report
from quell.reporting.trace import Branch, Lane, Trace
from quell.wording.reading import Words

# What columns are asked for says little, and is long.
_COLUMNS = re.compile(r"^SELECT .+? FROM ", re.DOTALL)
_WIDTH = 1000.0
_THINNEST = 3.0


def pages_section(report: Report, _: Words) -> Html:
    """Return the section."""
    heads = (_("Page"), _("Queries"), _("Rows"), _("Milliseconds"), _("Findings"), _("Result"))
    rows = [_row(at, page, _) for at, page in enumerate(report.pages, 1)]
    return element(
        "section",
        element("h2", _("Pages"), id="pages"),
        table(heads, rows, caption=_("All pages"), numbers=frozenset({1, 2, 3, 4})),
        *(_details(at, page, report.root, _) for at, page in enumerate(report.pages, 1)),
        aria_labelledby="pages",
    )


def _row(at: int, page: Page, _: Words) -> Html:
    link = element("a", element("code", page.path), href=f"#page-{at}") if page.trace else None
    return element(
        "tr",
        element("td", link or element("code", page.path)),
        _change(page.queries, page.queries_fixed),
        _change(page.rows, page.rows_fixed),
        _change(round(page.ms), None if page.ms_fixed is None else round(page.ms_fixed)),
        number(f"{len(page.findings)}", len(page.findings)),
        element("td", _result(page, _)),
    )


def _change(before: int, after: int | None) -> Html:
    return number(f"{before}" if after is None else f"{before} → {after}", before)


def _result(page: Page, _: Words) -> str:
    if page.problem:
        return _.message(page.problem)
    told = [_.message(page.note)] if page.note else []
    if not page.findings:
        told.append(_("nothing needless"))
    elif page.is_fixed:
        told.append(_("fix proven"))
    else:
        told.append(_("not proven"))
    return "; ".join(told)


def _details(at: int, page: Page, root: str, _: Words) -> Html | None:
    trace = page.trace
    if trace is None:
        return None
    queries = sum(lane.count for lane in trace.lanes) + trace.dropped_count
    head = element(
        "summary",
        element("code", page.path),
        element("span", _("Queries: {count}").format(count=queries)),
        element("span", _("{ms} ms").format(ms=_.number(trace.ms, 1))),
        id=f"page-{at}",
    )
    dropped = _("Statements that were not kept: {count}").format(count=trace.dropped_count)
    return element(
        "details",
        head,
        element("h3", _("Where the queries come from")),
        _tree(trace, root, _),
        element("h3", _("When they ran")),
        _waterfall(trace, page.path, root, _),
        element("p", dropped) if trace.dropped_count else None,
        class_="page",
    )


def _tree(trace: Trace, root: str, _: Words) -> Html:
    children: dict[int, list[Branch]] = defaultdict(list)
    for branch in trace.branches:
        children[branch.parent].append(branch)
    lanes: dict[int, list[Lane]] = defaultdict(list)
    for lane in trace.lanes:
        lanes[lane.branch].append(lane)
    items = [*_items(0, children, lanes, root, _)]
    if lanes[0]:
        other = join(element("strong", _("Other statements")), _cost(lanes[0], _))
        items.append(element("li", other))
    return element("ul", *items, class_="tree") if items else element("p", _("No query ran."))


def _items(
    parent: int,
    children: Mapping[int, Sequence[Branch]],
    lanes: Mapping[int, Sequence[Lane]],
    root: str,
    _: Words,
) -> Iterator[Html]:
    for branch in children.get(parent, ()):
        below = [*_items(branch.number, children, lanes, root, _)]
        yield element(
            "li",
            _branch(branch, root, _),
            _cost(lanes.get(branch.number, ()), _),
            element("ul", *below) if below else None,
        )


def _branch(branch: Branch, root: str, _: Words) -> Html:
    name = branch.path.replace("__", " → ") if branch.path else branch.model
    model = element("small", f" {branch.model}") if branch.path else None
    is_repeated = branch.kind in {"lazy", "orphan"} and branch.count > 1
    mark = element("span", _("one by one"), class_="badge open") if is_repeated else None
    if branch.kind == "prefetch":
        mark = element("span", _("prefetched"), class_="badge")
    where = short(branch.trigger if branch.parent else branch.origin or branch.trigger, root)
    return join(element("strong", name), model, " ", mark, " ", place(where, "where") if where else None)


def _cost(lanes: Sequence[Lane], _: Words) -> Html | None:
    if not lanes:
        return None
    count, ms = sum(lane.count for lane in lanes), sum(lane.ms for lane in lanes)
    told = [lane.row_count for lane in lanes if lane.row_count is not None]
    # SQLite does not tell them.
    rows = [_("Rows: {count}").format(count=sum(told))] if len(told) == len(lanes) else []
    parts = [_("Queries: {count}").format(count=count), *rows, _("{ms} ms").format(ms=_.number(ms, 1))]
    return element("div", " · ".join(parts), class_="cost")


def _waterfall(trace: Trace, path: str, root: str, _: Words) -> Html:
    span = _("{first} to {last} ms").format(first=0, last=_.number(trace.ms, 1))
    heads = (_("Statement"), _("Caused by"), _("Times"), _("ms"), span)
    head = element("thead", element("tr", *(element("th", text, scope="col") for text in heads)))
    caption = element("caption", _("Statements of {page}").format(page=path), class_="hidden")
    rows = [_lane(lane, trace.ms, root, _) for lane in trace.lanes]
    inner = element("table", caption, head, element("tbody", *rows), class_="waterfall")
    return element("div", inner, class_="scroll", role="region", aria_label=_("When they ran"), tabindex=0)


def _lane(lane: Lane, total: float, root: str, _: Words) -> Html:
    short_sql = _COLUMNS.sub("SELECT … FROM ", lane.sql)
    statement = element(
        "details", element("summary", element("code", short_sql)), element("pre", element("code", lane.sql))
    )
    return element(
        "tr",
        element("td", statement, class_="statement"),
        element("td", place(short(lane.trigger, root))),
        element("td", f"{lane.count}", class_="number"),
        element("td", _.number(lane.ms, 1), class_="number"),
        element("td", _marks(lane, total, _), class_="time"),
    )


def _marks(lane: Lane, total: float, _: Words) -> Html:
    bars = [
        element("rect", x=f"{left:.1f}", y=0, width=f"{right - left:.1f}", height=10)
        for left, right in _bars(lane.runs, total)
    ]
    first, last = lane.runs[0][0], sum(lane.runs[-1])
    span = _("{first} to {last} ms").format(first=_.number(first, 1), last=_.number(last, 1))
    label = _("Times: {count}, {span}").format(count=lane.count, span=span)
    return element(
        "svg",
        *bars,
        viewBox=f"0 0 {_WIDTH:.0f} 10",
        preserveAspectRatio="none",
        role="img",
        aria_label=label,
        class_=lane.operation,
    )


def _bars(runs: Sequence[tuple[float, float]], total: float) -> Iterator[tuple[float, float]]:
    """Yield left and right of each bar; what nobody could tell apart is one."""
    scale = _WIDTH / (total or 1)
    current: tuple[float, float] | None = None
    for start, duration in sorted(runs):
        left = min(start * scale, _WIDTH - _THINNEST)
        right = max(left + _THINNEST, min((start + duration) * scale, _WIDTH))
        if current is not None and left <= current[1] + 1:
            current = current[0], max(current[1], right)
            continue
        if current is not None:
            yield current
        current = left, right
    if current is not None:
        yield current
