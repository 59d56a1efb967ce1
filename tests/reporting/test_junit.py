"""The report as JUnit XML."""

from xml.etree import ElementTree as ET

from quell.reporting import junit
from tests.reporting.samples import hostile_report, report


def _suite(text: str) -> ET.Element:
    suite = ET.fromstring(text).find("testsuite")
    assert suite is not None
    return suite


def test_page_is_a_case_and_fails_once_per_problem() -> None:
    """Advice fails nothing."""
    first, second, *_ = _suite(junit.render(report())).findall("testcase")

    assert (first.get("name"), first.get("time")) == ("/tickets/", "0.013")
    assert [failure.get("type") for failure in first.findall("failure")] == ["Q101", "Q101"]
    assert list(second) == []


def test_failure_says_what_to_write() -> None:
    """It is the block that a terminal shows."""
    failure = _suite(junit.render(report())).find("testcase/failure")

    assert failure is not None
    assert '.select_related("customer")' in (failure.text or "")


def test_page_that_raises_is_an_error_and_others_are_skipped() -> None:
    """Whoever lacks a login has not broken anything."""
    cases = {case.get("name"): case for case in _suite(junit.render(report())).findall("testcase")}

    assert [child.tag for child in cases["/raises/"]] == ["error"]
    assert [child.tag for child in cases["/private/"]] == ["skipped"]


def test_suite_counts_its_cases() -> None:
    """As test runners do: a case that fails twice has failed."""
    suite = _suite(junit.render(report()))

    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["4", "1", "1", "1"]


def test_known_findings_fail_nothing() -> None:
    """What a baseline lets pass is not in the suite."""
    given = report()
    text = junit.render(type(given)(pages=given.pages, findings=(), known=given.findings))

    assert "<failure" not in text


def test_names_that_xml_cannot_hold_are_replaced() -> None:
    """The file can be read, whatever a project is called."""
    case = _suite(junit.render(hostile_report())).find("testcase")

    assert case is not None
    assert "<script>alert(1)</script>" in (case.get("name") or "")
    assert "\N{REPLACEMENT CHARACTER}" in (case.get("name") or "")
