"""Installed, taken out, and installed twice."""

from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.checks.registry import registry
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings

import quell
from quell.lineage._patches import installation
from quell.middleware import QuellMiddleware
from quell.signals import findings_reported
from tests.watching.conftest import authors, fresh_hooks  # noqa: F401 -- fixtures
from tests.watching.probes import assert_untouched, changed_names, read_countries

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_hooks", "authors")]
WITHOUT = [name for name in settings.INSTALLED_APPS if name != "quell"]
OURS = "quell.middleware.QuellMiddleware"


def _checks() -> list[str]:
    functions: list[Any] = list(registry.get_checks())
    return sorted(check.__name__ for check in functions if check.__module__ == "quell.checks")


def test_application_taken_out_leaves_nothing() -> None:
    """Without the application a watch works the same, and Django is as it was before and after."""
    with override_settings(INSTALLED_APPS=WITHOUT):
        assert_untouched()
        with quell.watch() as watch:
            read_countries()
        assert_untouched()

    assert not [finding for finding in watch.findings if finding.path != "country"]
    assert apps.is_installed("quell")
    assert_untouched()


def test_application_taken_out_inside_of_a_watch() -> None:
    """A watch that is open then sees everything, and ends as usual."""
    with quell.watch() as watch, override_settings(INSTALLED_APPS=WITHOUT):
        read_countries()

    assert [finding.path for finding in watch.findings] == ["country"]
    assert_untouched()


def test_application_installed_twice_is_installed_once() -> None:
    """Another start of the application adds no check and no hook."""
    before = _checks()
    apps.get_app_config("quell").ready()
    with override_settings(INSTALLED_APPS=[*WITHOUT, "quell"]):
        assert _checks() == before

    assert before
    assert_untouched()


def test_middleware_installed_twice_keeps_the_hooks_once() -> None:
    """Two handlers in a process share the hooks."""

    def answer(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    QuellMiddleware(answer)
    names, holders = changed_names(), installation.holders
    QuellMiddleware(answer)

    assert (changed_names(), installation.holders) == (names, holders)


def test_middleware_listed_twice_reports_once() -> None:
    """The outer of two scopes of a request reports."""
    heard: list[Any] = []

    def receive(**message: Any) -> None:
        heard.append(message["label"])

    findings_reported.connect(receive)
    with override_settings(ROOT_URLCONF="tests.watching.views", MIDDLEWARE=[OURS, OURS]):
        Client().get("/countries/")
    findings_reported.disconnect(receive)

    assert heard == ["GET /countries/"]
