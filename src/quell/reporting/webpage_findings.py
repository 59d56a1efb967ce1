"""The findings of the HTML report: a table of them, and a card with the fix and its proof for each."""

from collections.abc import Mapping

from quell.findings import Finding, Proof
from quell.reporting.elements import Html, element, join, number, place, table
from quell.reporting.places import short, spot_of
from quell.reporting.report import Report, is_proven
from quell.reporting.text import is_vain
from quell.wording.reading import Words

_MAX_PAGES = 12


def findings_section(report: Report, _: Words) -> Html:
    """Return the section."""
    inner = [element("p", _("Nothing needless was found."), class_="good")]
    if report.findings:
        anchors = {page.label: f"#page-{at}" for at, page in reversed([*enumerate(report.pages, 1)])}
        inner = [
            _table(report, _),
            *(_card(at, each, report.root, anchors, _) for at, each in enumerate(report.findings, 1)),
        ]
    return element(
        "section",
        element("h2", _("Findings"), id="findings"),
        *inner,
        aria_labelledby="findings",
    )


def verdict_of(finding: Finding, _: Words) -> str:
    """Return what came of the proof, in a few words."""
    if finding.proof is None:
        return _("not tried")
    return _("proven") if is_proven(finding) else _("not proven")


def _table(report: Report, _: Words) -> Html:
    heads = (_("Code"), _("What"), _("Where"), _("Queries"), _("Needless"), _("Fix"))
    rows = [_row(at, finding, report.root, _) for at, finding in enumerate(report.findings, 1)]
    return table(heads, rows, caption=_("All findings"), numbers=frozenset({3, 4}))


def _row(at: int, finding: Finding, root: str, _: Words) -> Html:
    return element(
        "tr",
        element("td", element("a", finding.code, href=f"#{finding.code}")),
        element("td", element("a", _what(finding, _), href=f"#finding-{at}")),
        element("td", place(short(spot_of(finding), root))),
        number(f"{finding.count}", finding.count),
        number(f"{finding.saved_queries}", finding.saved_queries),
        element("td", _badge(finding, _)),
    )


def _what(finding: Finding, _: Words) -> Html:
    what = f"{finding.model} {finding.path}".strip()
    return element("code", what) if what else element("span", _("a statement"))


def _badge(finding: Finding, _: Words) -> Html:
    signs = {True: ("good", "✓"), False: ("open", "○")}
    kind, sign = signs[is_proven(finding)]
    mark = element("span", sign, aria_hidden="true")
    return element("span", mark, f" {verdict_of(finding, _)}", class_=f"badge {kind}")


def _card(at: int, finding: Finding, root: str, anchors: Mapping[str, str], _: Words) -> Html:
    title = f"finding-{at}"
    return element(
        "article",
        element(
            "h3",
            element("a", finding.code, href=f"#{finding.code}", class_="code"),
            " ",
            _what(finding, _),
            " ",
            element("small", finding.kind),
            id=title,
            tabindex=-1,
        ),
        element("p", _.message(finding.message)) if finding.message else None,
        element(
            "div",
            element(
                "div",
                element("dl", *_facts(finding, root, anchors, _), class_="facts"),
                _fix(at, finding, _),
            ),
            element("div", _proof(finding.proof, _)) if finding.proof is not None else None,
            class_="card",
        ),
        aria_labelledby=title,
    )


def _facts(finding: Finding, root: str, anchors: Mapping[str, str], _: Words) -> list[Html]:
    facts: list[tuple[str, Html]] = []
    if finding.origin is not None:
        also = f" {finding.place}" if finding.place else ""
        facts.append((_("Change"), join(place(short(finding.origin, root)), also)))
    if finding.trigger is not None and finding.trigger != finding.origin:
        facts.append((_("Because of"), place(short(finding.trigger, root))))
    if finding.labels:
        facts.append((_("Seen in"), _labels(finding, anchors)))
    queries = _("{count}, needless: {saved}").format(count=finding.count, saved=finding.saved_queries)
    facts.append((_("Queries"), join(queries)))
    return [join(element("dt", name), element("dd", value)) for name, value in facts]


def _labels(finding: Finding, anchors: Mapping[str, str]) -> Html:
    shown = [
        element("a", label, href=anchors[label]) if label in anchors else join(label)
        for label in finding.labels[:_MAX_PAGES]
    ]
    rest = len(finding.labels) - _MAX_PAGES
    parts = [part for label in shown for part in (", ", label)][1:]
    return join(*parts, f" + {rest}" if rest > 0 else None)


def _fix(at: int, finding: Finding, _: Words) -> Html | None:
    if not finding.suggestion:
        return None
    # A fix that was tried in vain is not to be written.
    name = _("Tried in vain") if is_vain(finding) else _("Write")
    return element(
        "div",
        element("h4", name),
        element(
            "div",
            element("pre", element("code", finding.suggestion, id=f"fix-{at}"), tabindex=0),
            element("button", _("Copy"), type="button", hidden=True, data_copy=f"fix-{at}", class_="copy"),
            class_="fix",
        ),
    )


def _proof(proof: Proof, _: Words) -> Html:
    if proof.verdict != "proven":
        text = _.message(proof.reason) if proof.reason else _("not proven")
        return join(element("h4", _("Not proven")), element("p", text))
    rows = [
        _compared(_("Queries"), proof.queries_before, proof.queries_after, 0, _),
        _compared(_("Rows"), proof.rows_before, proof.rows_after, 0, _),
        _compared(_("Milliseconds"), proof.ms_before, proof.ms_after, 1, _),
    ]
    heads = (("", None), (_("Before"), "number"), (_("After"), "number"), (_("Compared"), None))
    head = element(
        "thead", element("tr", *(element("th", text, scope="col", class_=kind) for text, kind in heads))
    )
    return join(
        element("h4", _("Proof: the page is the same, byte by byte")),
        element("p", _.message(proof.reason)) if proof.reason else None,
        element("table", head, element("tbody", *rows), class_="proof"),
    )


def _compared(name: str, before: float, after: float, decimals: int, _: Words) -> Html:
    most = max(before, after) or 1
    bars = [
        element("rect", x=0, y=y, width=f"{100 * value / most:.1f}", height=7, class_=kind)
        for y, value, kind in ((0, before, "before"), (9, after, "after"))
    ]
    picture = element("svg", *bars, viewBox="0 0 100 16", preserveAspectRatio="none", aria_hidden="true")
    return element(
        "tr",
        element("th", name, scope="row"),
        element("td", _.number(before, decimals), class_="number"),
        element("td", _.number(after, decimals), class_="number"),
        element("td", picture, class_="bars"),
    )
