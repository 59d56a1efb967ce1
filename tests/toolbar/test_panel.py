"""The panel of the debug toolbar: what it keeps of a request, and what it leaves alone."""

import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.checks import Error
from django.http.response import HttpResponseBase
from django.test import AsyncClient, Client, override_settings

from quell.capture.scope import Scope
from quell.lineage.hooks import active
from quell.signals import findings_reported
from tests.toolbar.conftest import CONFIG, OURS, TOOLBAR

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("toolbar")]

PanelOf = Callable[[HttpResponseBase], Any]
OpenPanel = Callable[[HttpResponseBase], str]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Scope]:
    """Every scope that a test opens."""
    scopes: list[Scope] = []
    original = Scope.open

    def noted(self: Scope) -> None:
        scopes.append(self)
        original(self)

    monkeypatch.setattr(Scope, "open", noted)
    return scopes


@pytest.fixture
def labels() -> Iterator[list[str]]:
    """The labels that the signal told in a test."""
    told: list[str] = []

    def receive(**message: Any) -> None:
        told.append(message["label"])

    findings_reported.connect(receive)
    yield told
    findings_reported.disconnect(receive)


def test_panel_shows_the_finding_with_its_fix(panel_of: PanelOf) -> None:
    """A finding has model, path, count, saved queries and the code to write."""
    panel = panel_of(Client().get("/authors/"))

    (finding,) = panel.get_stats()["findings"]
    assert (finding["code"], finding["what"]) == ("Q101", "library.Author country")
    assert (finding["count"], finding["saved"]) == (3, 3)
    assert finding["suggestion"] == '.select_related("country")'
    assert finding["change"]["text"].startswith("tests/toolbar/urls.py:")
    assert panel.nav_subtitle == "1 finding, 3 needless queries"


def test_tree_hangs_loads_on_the_queryset_of_their_rows(panel_of: PanelOf) -> None:
    """What rows asked for stands below their queryset, and is marked where a finding is about it."""
    stats = panel_of(Client().get("/authors/")).get_stats()

    assert [(node["name"], node["kind"], node["count"]) for node in stats["nodes"]] == [
        ("library.Author", "queryset", 1),
        ("country", "on demand", 3),
    ]
    assert [(node["opens"], node["closes"]) for node in stats["nodes"]] == [(True, ""), (False, "/")]
    assert [node["findings"] for node in stats["nodes"]] == [[], [1]]


def test_request_without_findings_says_so(panel_of: PanelOf, open_panel: OpenPanel) -> None:
    """A good page has a panel that says that nothing is needless."""
    response = Client().get("/fast/")

    assert panel_of(response).nav_subtitle == "nothing needless"
    assert "no needless database work" in open_panel(response)


def test_request_without_queries_says_so(open_panel: OpenPanel) -> None:
    """A page that asks the database nothing has a panel as well."""
    assert "ran no query" in open_panel(Client().get("/nothing/"))


def test_answer_to_a_script_is_kept(panel_of: PanelOf) -> None:
    """What has no HTML, such as an answer to a script, is in the history with its findings."""
    assert len(panel_of(Client().get("/data/")).get_stats()["findings"]) == 1


def test_history_switches_to_another_request(panel_of: PanelOf) -> None:
    """The list of requests gives button and content of the panel of another one."""
    slow, fast = Client().get("/authors/"), Client().get("/fast/")
    for response, words in ((slow, "1 finding, 3 needless queries"), (fast, "nothing needless")):
        given = {"request_id": response.headers["djdt-request-id"], "exclude_history": "on"}
        found = Client().get("/__debug__/history_sidebar/", given).json()
        assert words in found["QuellPanel"]["button"]
        assert 'id="QuellPanel"' in found["QuellPanel"]["content"]


def test_what_is_kept_is_plain_json(panel_of: PanelOf) -> None:
    """Every value survives JSON, so that a store in a database or a cache can hold it."""
    stats = panel_of(Client().get("/authors/")).get_stats()

    assert json.loads(json.dumps(stats)) == stats


async def test_async_view_is_watched(panel_of: PanelOf) -> None:
    """A coroutine below ASGI is seen as well, and nothing stays open."""
    response = await AsyncClient().get("/async/")

    assert len(panel_of(response).get_stats()["findings"]) == 1
    assert active.get(None) is None


async def test_sync_view_under_asgi_is_watched(panel_of: PanelOf) -> None:
    """A sync view runs in a thread below ASGI, where the watch follows."""
    assert len(panel_of(await AsyncClient().get("/authors/")).get_stats()["findings"]) == 1


def test_writes_are_nodes_without_a_parent(panel_of: PanelOf) -> None:
    """Statements that no queryset ran have nodes of their own."""
    stats = panel_of(Client().get("/write/")).get_stats()

    assert [(node["name"], node["kind"], node["count"]) for node in stats["nodes"]] == [
        ("create", "insert", 3)
    ]
    assert stats["nodes"][0]["findings"] == [1]


def test_error_of_a_view_ends_the_watch() -> None:
    """The error of a view is Django's, and the scope of the panel does not stay open."""
    with pytest.raises(ValueError, match="on purpose"):
        Client().get("/fail/")

    assert active.get(None) is None


@pytest.mark.parametrize("is_by_cookie", [True, False])
def test_panel_that_is_off_watches_nothing(is_by_cookie: bool, opened: list[Scope]) -> None:
    """Whoever switches the panel off, in the browser or in the settings, has no watch."""
    client = Client()
    if is_by_cookie:
        client.cookies["djdtQuellPanel"] = "off"
        client.get("/authors/")
    else:
        names = {"quell.contrib.debug_toolbar.QuellPanel"}
        config = {**CONFIG, "DISABLE_PANELS": names}
        with override_settings(DEBUG_TOOLBAR_CONFIG=config):
            client.get("/authors/")

    assert opened == []


def test_request_is_watched_once_with_the_middleware_inside(
    opened: list[Scope], labels: list[str], panel_of: PanelOf, caplog: pytest.LogCaptureFixture
) -> None:
    """Behind the toolbar, QuellMiddleware leaves the request to the panel, which reports as it would."""
    with override_settings(MIDDLEWARE=[TOOLBAR, OURS]), caplog.at_level(logging.WARNING, "quell"):
        response = Client().get("/authors/")

    assert len(opened) == 1
    assert labels == ["GET /authors/"]
    assert [record.name for record in caplog.records] == ["quell"]
    assert len(panel_of(response).get_stats()["findings"]) == 1


def test_request_is_reported_once_with_the_middleware_outside(
    labels: list[str], panel_of: PanelOf, caplog: pytest.LogCaptureFixture
) -> None:
    """In front of the toolbar, QuellMiddleware reports, and the panel shows the same."""
    with override_settings(MIDDLEWARE=[OURS, TOOLBAR]), caplog.at_level(logging.WARNING, "quell"):
        response = Client().get("/authors/")

    assert labels == ["GET /authors/"]
    assert len(caplog.records) == 1
    assert len(panel_of(response).get_stats()["findings"]) == 1


async def test_async_request_is_watched_once(opened: list[Scope], labels: list[str]) -> None:
    """The same holds below ASGI."""
    with override_settings(MIDDLEWARE=[TOOLBAR, OURS]):
        await AsyncClient().get("/async/")

    assert len(opened) == 1
    assert labels == ["GET /async/"]


def test_panel_alone_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Without QuellMiddleware nobody asked for a log."""
    Client().get("/authors/")

    assert [record for record in caplog.records if record.name == "quell"] == []


def test_values_are_escaped(monkeypatch: pytest.MonkeyPatch, open_panel: OpenPanel) -> None:
    """Whatever stands in a path, a message or a statement is text and no markup."""
    from quell.contrib.debug_toolbar import facts

    def spot(_: object) -> dict[str, str]:
        return {"text": "<img src=x>", "function": '"><b>', "key": "a&b"}

    monkeypatch.setattr(facts, "_spot", spot)
    monkeypatch.setattr(facts, "_what", lambda _: "<script>alert(1)</script>")

    page = open_panel(Client().get("/authors/"))

    assert "<img" not in page
    assert "<b>" not in page
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "spot=a%26b" in page


def test_line_of_code_is_shown(open_panel: OpenPanel) -> None:
    """The link of a line leads to the code around it, with the line marked for eyes and for screen readers."""
    page = open_panel(Client().get("/authors/"))
    link = re.search(r'class="remoteCall" href="([^"]+)"', page)
    assert link is not None

    shown = Client().get(link[1].replace("&amp;", "&")).json()["content"]

    here = re.search(r'<tr class="quell-here" aria-current="true">.*?</tr>', shown, re.DOTALL)
    assert here is not None
    assert "# root" in here[0]
    assert "▶" in here[0]


@pytest.mark.parametrize("spot", ["", "eyJmaWxlIjoiL2V0Yy9wYXNzd2QiLCJsaW5lIjoxfQ:1xXH:abc"])
def test_no_other_file_is_shown(spot: str) -> None:
    """A key that the panel did not sign opens nothing."""
    assert Client().get("/__debug__/quell_source/", {"spot": spot}).status_code == 400


def test_code_is_shown_to_nobody_else(open_panel: OpenPanel) -> None:
    """Who is not shown the toolbar gets no code either, also with a right key."""
    from debug_toolbar.middleware import show_toolbar_func_or_path

    page = open_panel(Client().get("/authors/"))
    link = re.search(r'class="remoteCall" href="([^"]+)"', page)
    assert link is not None
    hidden = {**CONFIG, "SHOW_TOOLBAR_CALLBACK": lambda request: False}
    with override_settings(DEBUG_TOOLBAR_CONFIG=hidden):
        show_toolbar_func_or_path.cache_clear()
        assert Client().get(link[1]).status_code == 404


def test_file_that_is_gone_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line of a file that cannot be read is one sentence."""
    from django.core import signing

    from quell.contrib.debug_toolbar.facts import SALT

    key = signing.dumps({"file": "/nowhere/views.py", "line": 3}, salt=SALT)
    shown = Client().get("/__debug__/quell_source/", {"spot": key}).json()["content"]

    assert "cannot be read" in shown


def test_words_are_translated(open_panel: OpenPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words of the panel come from the catalogue of the language of the toolbar."""
    from django.utils.translation import trans_real

    catalog = trans_real.translation("de")._catalog  # type: ignore[attr-defined]  # a private attribute
    monkeypatch.setitem(catalog._catalogs[0], "Findings", "Befunde")
    response = Client().get("/authors/")
    with override_settings(DEBUG_TOOLBAR_CONFIG={**CONFIG, "TOOLBAR_LANGUAGE": "de"}):
        assert "<h4>Befunde</h4>" in open_panel(response)


def test_panel_needs_the_application() -> None:
    """Without quell in INSTALLED_APPS its templates cannot be found, which a check says beforehand."""
    from quell.contrib.debug_toolbar import QuellPanel

    assert QuellPanel.run_checks() == []
    with override_settings(INSTALLED_APPS=[app for app in settings.INSTALLED_APPS if app != "quell"]):
        assert [(type(item), item.id) for item in QuellPanel.run_checks()] == [(Error, "quell.E008")]


@override_settings(QUELL_ON_ERROR="log")
def test_error_inside_quell_lets_the_page_through(
    open_panel: OpenPanel, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A page works where the panel does not, which then says so."""

    def break_down(*_: object) -> None:
        raise ZeroDivisionError("inside quell")

    monkeypatch.setattr("quell.contrib.debug_toolbar.facts.grow", break_down)

    response = Client().get("/authors/")

    assert response.status_code == 200
    assert "quell failed inside this request" in open_panel(response)
    assert [record.levelno for record in caplog.records if record.name == "quell"] == [logging.ERROR]
