"""Findings as annotations of GitHub Actions: commands on lines of their own, which a runner shows on the line."""

from quell.findings import Finding, docs_url
from quell.reporting.places import below, spot_of, what_of
from quell.reporting.report import Page, Report

_LEVELS = {"problem": "warning", "advice": "notice"}


def render(report: Report) -> str:
    """Return one command per finding, and a notice for each page that could not be judged."""
    lines = [_annotation(finding, report.root) for finding in report.findings]
    lines += [_notice(page) for page in report.pages if page.problem]
    return "\n".join(lines)


def _annotation(finding: Finding, root: str) -> str:
    properties = {"title": f"{finding.code} {finding.kind}: {what_of(finding)}"}
    spot = spot_of(finding)
    if spot is not None:
        # A file that is not in the repository has no page to be shown on.
        file = below(spot.file, root)
        properties = {"file": file, "line": str(spot.line), **properties} if file else properties
    parts = (
        finding.message,
        f"Write {finding.suggestion}" if finding.suggestion else "",
        docs_url(finding.code),
    )
    return _command(_LEVELS[finding.level], properties, "\n".join(filter(None, parts)))


def _notice(page: Page) -> str:
    return _command("notice", {"title": f"quell did not judge {page.path}"}, page.problem)


def _command(name: str, properties: dict[str, str], message: str) -> str:
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {given}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
