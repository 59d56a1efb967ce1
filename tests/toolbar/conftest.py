"""The debug toolbar around the pages of these tests."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.http.response import HttpResponseBase
from django.test import Client, override_settings

from tests.library.models import Author, Country

OURS = "quell.middleware.QuellMiddleware"
TOOLBAR = "debug_toolbar.middleware.DebugToolbarMiddleware"
PANELS = [
    "debug_toolbar.panels.history.HistoryPanel",
    "debug_toolbar.panels.sql.SQLPanel",
    "quell.contrib.debug_toolbar.QuellPanel",
    "debug_toolbar.panels.timer.TimerPanel",
]
CONFIG: dict[str, object] = {"SHOW_TOOLBAR_CALLBACK": lambda request: True, "IS_RUNNING_TESTS": False}


@pytest.fixture
def rows(transactional_db: None) -> None:
    """Three authors from three countries."""
    for number in range(3):
        country = Country.objects.create(name=f"Country {number}")
        Author.objects.create(name=f"Author {number}", country=country)


@pytest.fixture
def toolbar(rows: None) -> Iterator[None]:
    """The toolbar with the panel."""
    apps = ["django.contrib.staticfiles", "debug_toolbar"]
    # What is imported while it is not installed has no models.
    with override_settings(
        INSTALLED_APPS=[
            *settings.INSTALLED_APPS,
            *(app for app in apps if app not in settings.INSTALLED_APPS),
        ],
        MIDDLEWARE=[TOOLBAR, *settings.MIDDLEWARE],
        ROOT_URLCONF="tests.toolbar.urls",
        STATIC_URL="static/",
        DEBUG_TOOLBAR_PANELS=PANELS,
        DEBUG_TOOLBAR_CONFIG=CONFIG,
        LANGUAGE_CODE="en",
    ):
        _forget()
        yield
    _forget()


def _forget() -> None:
    from debug_toolbar.middleware import show_toolbar_func_or_path
    from debug_toolbar.store import get_store

    show_toolbar_func_or_path.cache_clear()
    get_store().clear()


@pytest.fixture
def panel_of(toolbar: None) -> Callable[[HttpResponseBase], Any]:
    """Give the panel of a response, as the toolbar loads it from its store."""

    def load(response: HttpResponseBase) -> Any:
        from debug_toolbar.toolbar import DebugToolbar

        found = DebugToolbar.fetch(response.headers["djdt-request-id"], "QuellPanel")
        assert found is not None
        return found.get_panel_by_id("QuellPanel")

    return load


@pytest.fixture
def open_panel(toolbar: None) -> Callable[[HttpResponseBase], str]:
    """Give what a browser gets when somebody opens the panel of a response."""

    def ask(response: HttpResponseBase) -> str:
        given = {"request_id": response.headers["djdt-request-id"], "panel_id": "QuellPanel"}
        return str(Client().get("/__debug__/render_panel/", given).json()["content"])

    return ask
