"""Findings and services as OpenTelemetry has them, by its own SDK."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client, override_settings
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from quell.contrib.opentelemetry import instrument, uninstrument
from quell.services import service
from quell.signals import service_finished
from quell.telling import has_sinks
from tests.library.models import Country
from tests.production.conftest import authors, installed

__all__ = ["authors", "installed"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("authors", "installed")]


@dataclass
class Telemetry:
    """What was exported."""

    spans: InMemorySpanExporter
    reader: InMemoryMetricReader
    provider: TracerProvider

    def span(self, name: str) -> ReadableSpan:
        """Return the one span of a name."""
        (found,) = [span for span in self.spans.get_finished_spans() if span.name == name]
        return found

    def points(self, name: str) -> dict[tuple[Any, ...], Any]:
        """Return the points of a metric by the values of their labels."""
        data: Any = self.reader.get_metrics_data()
        metrics = [
            metric
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        ]
        return {
            tuple(point.attributes.values()): getattr(point, "value", None) or getattr(point, "count", 0)
            for metric in metrics
            if metric.name == name
            for point in metric.data.data_points
        }


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    """The SDK with exporters in memory."""
    spans, reader = InMemorySpanExporter(), InMemoryMetricReader()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    meters = MeterProvider(metric_readers=[reader])
    instrument(tracer_provider=provider, meter_provider=meters)
    yield Telemetry(spans, reader, provider)
    uninstrument()
    meters.shutdown()
    provider.shutdown()


@service
def rename(name: str) -> None:
    """Rename all countries."""
    Country.objects.update(name=name)
    if not name:
        raise ValueError("secret")


def test_findings_are_counted_by_code_and_endpoint(telemetry: Telemetry) -> None:
    """Findings and needless queries, per endpoint."""
    for url in ("/countries/", "/countries/", "/first/2/"):
        Client().get(url)

    assert telemetry.points("quell.findings") == {
        ("Q101", "GET /countries/"): 2,
        ("Q101", "GET /first/<int:number>/"): 1,
    }
    assert telemetry.points("quell.queries.needless") == {
        ("Q101", "GET /countries/"): 6,
        ("Q101", "GET /first/<int:number>/"): 2,
    }


def test_finding_is_an_event_of_the_span_around_it(telemetry: Telemetry) -> None:
    """With the facts that lead to the fix, and no statement."""
    with telemetry.provider.get_tracer("test").start_as_current_span("request"):
        Client().get("/countries/")

    (event,) = telemetry.span("request").events
    facts: Any = event.attributes
    assert event.name == "quell.finding"
    assert (facts["quell.code"], facts["quell.saved_queries"]) == ("Q101", 3)
    assert facts["quell.suggestion"] == '.select_related("country")'
    assert "SELECT" not in repr(dict(facts))


def test_finding_without_a_span_is_counted_only(telemetry: Telemetry) -> None:
    """No span is made for it."""
    Client().get("/countries/")

    assert telemetry.spans.get_finished_spans() == ()


def test_service_is_a_span_with_its_numbers(telemetry: Telemetry) -> None:
    """Name, tries, queries, outcome; as long as the call, and below the span that is open."""
    with telemetry.provider.get_tracer("test").start_as_current_span("request") as request:
        rename("x")

    span = telemetry.span(f"service {rename.__module__}.rename")
    facts: Any = span.attributes
    assert (facts["quell.tries"], facts["quell.queries"], facts["quell.outcome"]) == (1, 1, "committed")
    assert span.parent is not None
    assert span.parent.span_id == request.get_span_context().span_id
    assert span.start_time is not None
    assert span.end_time is not None
    assert span.end_time > span.start_time


def test_service_that_fails_is_an_error_without_its_text(telemetry: Telemetry) -> None:
    """The class of the error is told, and never what it says."""
    with pytest.raises(ValueError, match="secret"):
        rename("")

    span = telemetry.span(f"service {rename.__module__}.rename")
    facts: Any = span.attributes
    assert span.status.status_code is StatusCode.ERROR
    assert (facts["error.type"], facts["quell.outcome"]) == ("ValueError", "rolled back")
    assert "secret" not in span.to_json()


def test_services_are_measured(telemetry: Telemetry) -> None:
    """Durations, tries and queries by service and outcome."""
    rename("x")
    rename("y")

    labels = (f"{rename.__module__}.rename", "committed")
    assert telemetry.points("quell.service.duration") == {labels: 2}
    assert telemetry.points("quell.service.tries") == {labels: 2}
    assert telemetry.points("quell.service.queries") == {labels: 2}


@override_settings(QUELL_MAX_EVENTS=2)
def test_what_was_left_out_is_measured(telemetry: Telemetry) -> None:
    """Requests by what became of them, and statements that were not kept."""
    for _ in range(2):
        Client().get("/countries/")

    assert telemetry.points("quell.requests") == {("watched",): 2, ("skipped",): 0}
    assert telemetry.points("quell.dropped") == {("statements",): 4, ("findings",): 0}


def test_known_requests_are_measured(telemetry: Telemetry) -> None:
    """How many were not analysed."""
    for _ in range(3):
        Client().get("/countries/")

    assert telemetry.points("quell.requests.known") == {(): 2}


def test_second_call_changes_nothing(telemetry: Telemetry) -> None:
    """Whoever instruments twice counts once."""
    instrument()
    Client().get("/countries/")

    assert telemetry.points("quell.findings") == {("Q101", "GET /countries/"): 1}


def test_instrumentation_can_be_taken_off() -> None:
    """Nothing is told or counted then."""
    instrument()
    uninstrument()

    assert not has_sinks()
    assert not service_finished.has_listeners()
