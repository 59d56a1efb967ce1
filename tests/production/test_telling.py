"""What the log and the sinks are told."""

import json
import logging

import pytest
from django.test import Client, override_settings

from quell.events import Location
from quell.findings import Finding, docs_url
from quell.telling import add_sink, as_data, has_sinks, identity_of, log, remove_sink
from tests.production.conftest import Reports

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("authors", "installed")]


def _records(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if hasattr(record, "quell_finding")]


@override_settings(QUELL_LOG_SECONDS=3600)
def test_finding_is_logged_once_in_a_while(caplog: pytest.LogCaptureFixture) -> None:
    """A page that is asked for again and again writes one record."""
    for _ in range(5):
        Client().get("/countries/")

    assert len(_records(caplog)) == 1


@override_settings(QUELL_LOG_SECONDS=3600)
def test_next_record_tells_how_often_it_was_seen(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the time has passed, the record says how many were kept back."""
    clock = [0.0]
    monkeypatch.setattr("quell.telling.monotonic", lambda: clock[0])
    for seconds in (0, 10, 10, 3600):
        clock[0] += seconds
        Client().get("/countries/")

    assert [vars(record)["quell_repeated"] for record in _records(caplog)] == [0, 2]


def test_record_holds_plain_values(caplog: pytest.LogCaptureFixture) -> None:
    """JSON takes what a record adds, and it has what a person needs."""
    Client().get("/countries/")

    record = vars(_records(caplog)[0])
    finding = json.loads(json.dumps(record["quell_finding"]))
    assert record["quell_label"] == "GET /countries/"
    assert (finding["code"], finding["suggestion"]) == ("Q101", '.select_related("country")')
    assert finding["saved_queries"] == 3
    assert finding["docs"] == docs_url("Q101")


def test_record_has_no_parameters(caplog: pytest.LogCaptureFixture) -> None:
    """Neither the statements nor their values are in a record."""
    Client().get("/countries/")

    assert "SELECT" not in repr(vars(_records(caplog)[0]))


def test_sinks_are_told_without_a_listener(reports: Reports) -> None:
    """A sink needs no receiver of the signal."""
    Client().get("/countries/")

    assert [(report.label, report.query_count) for report in reports] == [("GET /countries/", 4)]


def test_sink_is_added_once(reports: Reports) -> None:
    """Adding it again does not tell it twice."""
    add_sink(reports.append)
    Client().get("/countries/")

    assert len(reports) == 1


def test_removed_sink_is_told_nothing(reports: Reports) -> None:
    """What was removed hears no more."""
    remove_sink(reports.append)
    Client().get("/countries/")

    assert (reports, has_sinks()) == ([], False)


@override_settings(QUELL_ON_ERROR="log")
def test_sink_that_fails_lets_the_request_through(caplog: pytest.LogCaptureFixture) -> None:
    """The page is served, and the log has the error."""

    def fail(_: object) -> None:
        raise ZeroDivisionError("in a sink")

    add_sink(fail)
    try:
        assert Client().get("/countries/").status_code == 200
    finally:
        remove_sink(fail)
    assert "in a sink" in caplog.text


def test_identity_is_the_fingerprint(reports: Reports) -> None:
    """What is kept for speed equals what a finding says of itself."""
    Client().get("/countries/")

    finding = reports[0].findings[0]
    assert identity_of(finding) == finding.fingerprint == as_data(finding)["fingerprint"]


def test_file_whose_name_is_no_unicode_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """What is told can be encoded, so that no handler and no exporter loses it, and with it what is beside it."""
    found = Finding(kind="n_plus_one", code="Q101", origin=Location("/srv/caf\udce9.py", 7), trigger=None)
    log([found], (), "GET /")

    (record,) = _records(caplog)
    assert " at caf?.py:7" in record.getMessage()
    assert vars(record)["quell_finding"]["origin"] == "/srv/caf?.py:7"


def test_places_in_the_log_are_below_the_project(caplog: pytest.LogCaptureFixture) -> None:
    """As in the store; the values of a record have the whole path."""
    found = Finding(kind="n_plus_one", code="Q101", origin=Location("/srv/desk/views.py", 7), trigger=None)
    with override_settings(BASE_DIR="/srv"):
        log([found], ("/srv/desk/views.py:8: odd", "/other/views.py:9: odd"), "GET /")

    told, below, elsewhere = caplog.records
    assert " at desk/views.py:7" in told.getMessage()
    assert "/srv" not in told.getMessage()
    assert vars(told)["quell_finding"]["origin"] == "/srv/desk/views.py:7"
    assert (below.getMessage(), elsewhere.getMessage()) == ("desk/views.py:8: odd", "/other/views.py:9: odd")


def test_methods_that_a_client_invents_are_one_endpoint(reports: Reports) -> None:
    """Labels become rows of a store and series of a metric, so a client must not make as many as it likes."""
    for method in ("GET", "FROB1", "FROB2", "X" * 600):
        Client().generic(method, "/countries/")

    assert [report.label for report in reports] == ["GET /countries/", *["(other) /countries/"] * 3]
