"""``quell profile --unused``: what no page uses."""

import pytest
from django.test import override_settings

from tests.profiling.conftest import run_profile
from tests.scenarios.world import populate

pytestmark = pytest.mark.django_db(databases=["default", "other"])


@pytest.fixture(autouse=True)
def _library(db: None) -> None:
    populate()


def _unused(*arguments: str) -> list[tuple[str, str, list[str]]]:
    with override_settings(ROOT_URLCONF="tests.library.urls"):
        result = run_profile("--format", "json", "--allow-production", *arguments)
    return sorted(
        (item["code"], item["path"], item["labels"])
        for item in result.findings
        if item["code"] in {"Q106", "Q107"}
    )


def test_unused_is_found_when_asked_for() -> None:
    """One more visit tells what a page loads and does not show."""
    assert _unused("/api/eager/") == []
    assert _unused("/api/eager/", "--unused") == [("Q107", "text", ["GET /api/eager/"])]
