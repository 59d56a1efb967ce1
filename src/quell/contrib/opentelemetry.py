"""
Findings and services as spans, events and metrics of OpenTelemetry.

Call ``instrument()`` once per process, such as in the ``ready()`` of an application::

    from quell.contrib.opentelemetry import instrument

    instrument()

It uses the providers that are set globally, or those that it is given.
"""

import time
from collections.abc import Iterator
from typing import Any

from opentelemetry import metrics, trace
from opentelemetry.metrics import CallbackOptions, Meter, MeterProvider, Observation
from opentelemetry.trace import StatusCode, Tracer, TracerProvider

from quell.events import ServiceEvent
from quell.production.counting import counts
from quell.production.storing import dropped_count
from quell.signals import service_finished
from quell.telling import Report, add_sink, as_data, remove_sink

_NAME = "quell"
# What an event tells of a finding; texts and numbers only, and no parameter.
_FACTS = (
    "fingerprint",
    "code",
    "model",
    "path",
    "count",
    "saved_queries",
    "origin",
    "trigger",
    "suggestion",
    "message",
    "docs",
)


class _Instrumentation:
    """The instruments of one process."""

    def __init__(self, tracer: Tracer, meter: Meter) -> None:
        self._tracer = tracer
        self._findings = meter.create_counter(
            "quell.findings", unit="{finding}", description="Findings of requests that were watched"
        )
        self._needless = meter.create_counter(
            "quell.queries.needless", unit="{query}", description="Queries that the fixes would save"
        )
        self._durations = meter.create_histogram(
            "quell.service.duration", unit="s", description="Time that calls of services took, with all tries"
        )
        self._tries = meter.create_counter(
            "quell.service.tries", unit="{try}", description="Tries of services, the first one included"
        )
        self._queries = meter.create_counter(
            "quell.service.queries", unit="{query}", description="Queries of services"
        )
        meter.create_observable_counter(
            "quell.requests",
            callbacks=[_requests],
            unit="{request}",
            description="Requests of the middleware, by what became of them",
        )
        meter.create_observable_counter(
            "quell.requests.known",
            callbacks=[_known],
            unit="{request}",
            description="Watched requests whose findings were those of an equal one",
        )
        meter.create_observable_counter(
            "quell.dropped",
            callbacks=[_dropped],
            unit="{item}",
            description="Statements and findings that were not kept",
        )

    def tell(self, report: Report) -> None:
        """Count the findings of a scope, and add them to the span that is open around it."""
        span = trace.get_current_span()
        for finding in report.findings:
            labels = {"quell.code": finding.code, "quell.endpoint": report.label}
            self._findings.add(1, labels)
            self._needless.add(finding.saved_queries, labels)
            if span.is_recording():
                facts: dict[str, Any] = as_data(finding)
                span.add_event("quell.finding", {f"quell.{name}": facts[name] for name in _FACTS})

    def see_service(self, *, event: ServiceEvent, **_: object) -> None:
        """Count a call of a service, and make a span of it."""
        labels = {"quell.service": event.service, "quell.outcome": event.outcome}
        self._durations.record(event.duration_ms / 1000, labels)
        self._tries.add(event.tries, labels)
        self._queries.add(event.query_count, labels)
        end = time.time_ns()
        span = self._tracer.start_span(
            f"service {event.service}",
            start_time=end - int(event.duration_ms * 1_000_000),
            attributes={
                **labels,
                "quell.tries": event.tries,
                "quell.queries": event.query_count,
                "quell.aliases": event.aliases,
            },
        )
        if event.error:
            span.set_attribute("error.type", event.error)
            span.set_status(StatusCode.ERROR)
        span.end(end)


_instrumentation: _Instrumentation | None = None


def instrument(
    *, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
) -> None:
    """
    Tell OpenTelemetry of findings and services from now on; a second call changes nothing.

    Args:
        tracer_provider: Whose spans; default: the global one.
        meter_provider: Whose metrics; default: the global one.

    Cost: two metrics and an event per finding, three metrics and a span per call of a service.
    """
    global _instrumentation  # noqa: PLW0603 -- one process, one set of instruments
    if _instrumentation is not None:
        return
    tracer = trace.get_tracer(_NAME, tracer_provider=tracer_provider)
    meter = metrics.get_meter(_NAME, meter_provider=meter_provider)
    made = _instrumentation = _Instrumentation(tracer, meter)
    add_sink(made.tell)
    # A bound method is known by its object and its function, so a strong reference is wanted.
    service_finished.connect(made.see_service, weak=False, dispatch_uid="quell.opentelemetry")


def uninstrument() -> None:
    """Tell OpenTelemetry nothing more."""
    global _instrumentation  # noqa: PLW0603 -- one process, one set of instruments
    if _instrumentation is not None:
        remove_sink(_instrumentation.tell)
        service_finished.disconnect(dispatch_uid="quell.opentelemetry")
    _instrumentation = None


def _requests(_: CallbackOptions) -> Iterator[Observation]:
    found = counts()
    yield Observation(found.watched, {"quell.state": "watched"})
    yield Observation(found.skipped, {"quell.state": "skipped"})


def _known(_: CallbackOptions) -> Iterator[Observation]:
    yield Observation(counts().known)


def _dropped(_: CallbackOptions) -> Iterator[Observation]:
    yield Observation(counts().dropped_events, {"quell.what": "statements"})
    yield Observation(dropped_count(), {"quell.what": "findings"})
