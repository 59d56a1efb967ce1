"""
A report as one HTML file for people: nothing of it comes from a network, and nothing is sent to one.

Its own policy (CSP) allows the style and the script within it, by their hashes, and nothing else. It is in one
language, but for code and for the pages of the documentation, which are English.
"""

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from quell.findings import CODES, DOCS
from quell.reporting.document import tool_version
from quell.reporting.elements import Html, element, join
from quell.reporting.report import Report, is_proven
from quell.reporting.table import notes
from quell.reporting.webpage_codes import codes_section
from quell.reporting.webpage_findings import findings_section
from quell.reporting.webpage_pages import pages_section
from quell.wording.reading import ENGLISH, Words


def render(report: Report, words: Words = ENGLISH) -> str:
    """
    Return the file.

    Args:
        report: What ran and what was found.
        words: The language.
    """
    _ = words
    style, script = (_asset(f"report.{kind}") for kind in ("css", "js"))
    found = {finding.code for finding in report.findings}
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"quell: {_('Needless database work')}"),
        element("style", Html(style)),
    )
    body = element(
        "body",
        element("a", _("Skip to the report"), href="#main", class_="skip"),
        _header(report, _),
        element(
            "main",
            findings_section(report, _),
            pages_section(report, _),
            _notes_section(report, _),
            codes_section([code for code in CODES if code in found], _),
            id="main",
        ),
        _footer(_),
        element("p", id="status", role="status", aria_live="polite", class_="hidden"),
        _phrases(_),
        element("script", Html(script)),
    )
    return f"<!doctype html>\n{element('html', head, body, lang=_.language)}\n"


def _asset(name: str) -> str:
    return files("quell.reporting").joinpath(f"assets/{name}").read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _header(report: Report, _: Words) -> Html:
    saved = sum(finding.saved_queries for finding in report.findings)
    proven = sum(map(is_proven, report.findings))
    failed = sum(bool(page.problem) for page in report.pages)
    figures = [
        (_("Pages"), f"{len(report.pages)}"),
        (_("Not judged"), f"{failed}"),
        (_("Findings"), f"{len(report.findings)}"),
        (_("Proven fixes"), f"{proven}"),
        (_("Needless queries"), f"{saved}"),
    ]
    links = [("findings", _("Findings")), ("pages", _("Pages")), ("codes", _("What the codes mean"))]
    shown = links if report.findings else links[:2]
    return element(
        "header",
        element("p", "quell", class_="brand"),
        element("h1", _("Needless database work")),
        element(
            "dl",
            *(element("div", element("dt", name), element("dd", value)) for name, value in figures),
            class_="figures",
        ),
        element(
            "nav",
            element("ul", *(element("li", element("a", text, href=f"#{at}")) for at, text in shown)),
            aria_label=_("Sections"),
        ),
    )


def _notes_section(report: Report, _: Words) -> Html | None:
    lines = notes(report)
    if not lines:
        return None
    return element(
        "section",
        element("h2", _("Silenced, known, out of date"), id="notes-title"),
        element("ul", *(element("li", _.message(line)) for line in lines)),
        aria_labelledby="notes-title",
    )


def _footer(_: Words) -> Html:
    link = element("a", _("Documentation"), href=DOCS, rel="noreferrer")
    return element("footer", element("p", join(f"quell {tool_version()} ", link)))


def _phrases(_: Words) -> Html:
    """Return what the script says, for it to find."""
    return element(
        "div",
        hidden=True,
        id="phrases",
        data_copied=_("Copied"),
        data_select=_("Selected: copy it with your keyboard"),
        data_up=_("sorted upwards by {column}"),
        data_down=_("sorted downwards by {column}"),
    )
