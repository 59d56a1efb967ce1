"""Each step of ``docs/production.md`` works as it is written."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import prometheus_client
import pytest
import sentry_sdk
from django.apps import apps
from django.core.checks import run_checks
from django.test import Client, override_settings
from opentelemetry import metrics
from opentelemetry.metrics import _internal as metrics_internal
from opentelemetry.util._once import Once
from sentry_sdk.integrations.logging import LoggingIntegration

from quell.contrib.opentelemetry import uninstrument
from quell.signals import findings_reported

PAGE = (Path(__file__).resolve().parent.parent.parent / "docs" / "production.md").read_text()
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("authors", "installed")]


def _step(name: str) -> dict[str, Any]:
    """Run the code of a step, and return its names."""
    (code,) = re.findall(rf"<!-- step: {name} -->\n```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {"__name__": f"step_{name}"}
    exec(compile(code, f"docs/production.md: {name}", "exec"), names)
    return names


def _settings() -> Iterator[dict[str, Any]]:
    """Yield the settings of each block that sets some."""
    for code in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        if re.match(r"[A-Z_]+ = ", code):
            names: dict[str, Any] = {}
            exec(code, names)
            yield {name: value for name, value in names.items() if name.isupper()}


def test_settings_pass_the_checks() -> None:
    """Each block of settings is right, and each application and middleware in it exists."""
    blocks = list(_settings())
    assert len(blocks) == 4
    for block in blocks:
        own = {name: value for name, value in block.items() if name.startswith("QUELL_")}
        with override_settings(**own | {"QUELL_STORE_SECONDS": 3600}):
            assert [
                item for item in run_checks(tags=["quell"]) if item.id in {"quell.E001", "quell.E002"}
            ] == []
        assert all(apps.is_installed(name) for name in block.get("INSTALLED_APPS", [])[1:])


def test_settings_watch_requests() -> None:
    """The middleware of the first step answers, at its rate, and at rates by path."""
    for block in _settings():
        if "QUELL_SAMPLE_RATE" in block:
            with override_settings(QUELL_SAMPLE_RATE=block["QUELL_SAMPLE_RATE"]):
                assert Client().get("/countries/").status_code == 200


def test_record_has_the_attributes_of_the_table(caplog: pytest.LogCaptureFixture) -> None:
    """Each attribute and each key that the page names is there, and no other."""
    Client().get("/countries/")

    (record,) = [vars(item) for item in caplog.records if item.name == "quell"]
    (keys,) = re.findall(r"^\| `quell_finding` \| (.*) \|$", PAGE, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", keys)) == set(record["quell_finding"])
    documented = set(re.findall(r"^\| `(quell_\w+)` \|", PAGE, re.MULTILINE))
    assert documented == {name for name in record if name.startswith("quell_")}


@pytest.fixture
def own_meters(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The provider that a process sets once may be set in this test."""
    monkeypatch.setattr(metrics_internal, "_METER_PROVIDER", None)
    monkeypatch.setattr(metrics_internal, "_METER_PROVIDER_SET_ONCE", Once())
    yield
    uninstrument()
    provider: Any = metrics.get_meter_provider()
    provider.shutdown()


@pytest.mark.usefixtures("own_meters")
def test_prometheus_has_the_metrics() -> None:
    """Both steps together serve findings by endpoint, under the names of the query."""
    _step("prometheus")
    _step("opentelemetry")
    Client().get("/countries/")
    text = prometheus_client.generate_latest().decode()

    (name,) = re.findall(r"increase\((\w+)\[1h\]\)", PAGE)
    (line,) = [line for line in text.splitlines() if line.startswith(f"{name}{{")]
    assert 'quell_endpoint="GET /countries/"' in line
    assert line.endswith(" 3.0")


def test_sentry_has_an_issue_per_finding() -> None:
    """With the fix, the endpoint, and one fingerprint for all requests; the log is a breadcrumb."""
    events: list[Any] = []

    class _Transport(sentry_sdk.transport.Transport):
        def capture_envelope(self, envelope: Any) -> None:
            events.extend(item.payload.json for item in envelope.items if item.type == "event")

    with sentry_sdk.isolation_scope():
        # The integration with Django would stay in the process.
        sentry_sdk.init(
            dsn="http://key@localhost/1",
            transport=_Transport,
            default_integrations=False,
            auto_enabling_integrations=False,
            integrations=[LoggingIntegration()],
        )
        names = _step("sentry")
        try:
            for _ in range(2):
                Client().get("/countries/")
        finally:
            findings_reported.disconnect(names["send_findings"])
            sentry_sdk.get_client().close()
            sentry_sdk.Scope.get_global_scope().set_client(None)

    assert [event["message"] for event in events] == ["Q101 library.Author country"] * 2
    assert events[0]["fingerprint"] == events[1]["fingerprint"]
    assert events[0]["contexts"]["quell"]["fix"] == '.select_related("country")'
    assert events[0]["tags"]["quell.endpoint"] == "GET /countries/"
    assert any(crumb["category"] == "quell" for crumb in events[0]["breadcrumbs"]["values"])
    assert "SELECT" not in repr(events)
