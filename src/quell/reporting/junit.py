"""A report as JUnit XML, which most CI systems show: one test case per page."""

import re
from collections.abc import Mapping
from xml.etree import ElementTree as ET

from quell.findings import Finding
from quell.reporting.places import what_of
from quell.reporting.report import Page, Report
from quell.reporting.text import block

# What XML 1.0 cannot hold, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report) -> str:
    """
    Return the suite.

    A page fails once per finding that fails the run; one that raises is an error, and one that could not be judged
    for another reason is skipped.
    """
    suite = ET.Element("testsuite", name="quell")
    failing = {finding.fingerprint for finding in report.findings if finding.level == "problem"}
    counts = {"failures": 0, "errors": 0, "skipped": 0}
    for page in report.pages:
        _add_case(suite, page, failing, counts)
    for name, count in {"tests": len(report.pages), **counts}.items():
        suite.set(name, str(count))
    suite.set("time", _seconds(sum(page.ms for page in report.pages)))
    root = ET.Element("testsuites", dict(suite.attrib))
    root.append(suite)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True)


def _add_case(suite: ET.Element, page: Page, failing: set[str], counts: dict[str, int]) -> None:
    attributes = {"classname": f"quell.{page.kind}", "name": page.path, "time": _seconds(page.ms)}
    case = ET.SubElement(suite, "testcase", _clean(attributes))
    if page.problem:
        name = "error" if page.is_broken else "skipped"
        ET.SubElement(case, name, _clean({"message": page.problem}))
        counts["errors" if page.is_broken else "skipped"] += 1
        return
    found = [finding for finding in page.findings if finding.fingerprint in failing]
    for finding in found:
        ET.SubElement(case, "failure", _clean(_failure(finding))).text = _text("\n".join(block(finding)))
    counts["failures"] += bool(found)


def _failure(finding: Finding) -> Mapping[str, str]:
    return {"type": finding.code, "message": f"{what_of(finding)}: {finding.message or finding.suggestion}"}


def _clean(attributes: Mapping[str, str]) -> dict[str, str]:
    return {name: _text(value) for name, value in attributes.items()}


def _text(value: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", value)


def _seconds(ms: float) -> str:
    return f"{ms / 1000:.3f}"
