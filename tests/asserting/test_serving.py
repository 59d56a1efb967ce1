"""Live servers: what their threads answer belongs to the watch of the test."""

import threading
import urllib.request
from typing import Any

import pytest
from django.test import LiveServerTestCase, override_settings

import quell
from quell.testing import QuellAssertions, assert_max_queries, quell_watch
from quell.testing.serving import served
from tests.library.models import Author, Country

_PAGES = override_settings(ROOT_URLCONF="tests.watching.views")


def _fill() -> None:
    for number in range(3):
        Author.objects.create(
            name=f"Author {number}", country=Country.objects.create(name=f"Country {number}")
        )


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as response:
        return bytes(response.read())


@pytest.mark.django_db(transaction=True)
@_PAGES
def test_live_server_of_pytest_django_is_watched(live_server: Any) -> None:
    """The server was started before the test, and its threads are seen during the block all the same."""
    _fill()
    with assert_max_queries(4) as seen:
        assert _get(f"{live_server.url}/countries/") == b"Country 0, Country 1, Country 2"

    assert [finding.path for finding in seen.findings] == ["country"]
    assert [query.alias for query in seen.queries] == ["default"] * 4


@pytest.mark.django_db(transaction=True)
@_PAGES
def test_server_answers_outside_of_blocks_unwatched(live_server: Any) -> None:
    """Behind the block the server has its own application again."""
    _fill()
    application = live_server.thread.httpd.get_app()
    with quell_watch() as seen, served():
        assert live_server.thread.httpd.get_app() is not application
    _get(f"{live_server.url}/countries/")

    assert live_server.thread.httpd.get_app() is application
    assert seen.queries == ()


@_PAGES
class LiveServerCase(QuellAssertions, LiveServerTestCase):
    """The test case of Django that has a server."""

    def test_live_server_test_case_is_watched(self) -> None:
        """Two requests are two requests, and no loop."""
        _fill()
        with pytest.raises(AssertionError, match=r'\.select_related\("country"\)'), self.assert_no_findings():
            _get(f"{self.live_server_url}/countries/")
        with self.assert_no_findings() as seen:
            for _ in range(4):
                _get(f"{self.live_server_url}/count/")
        assert len(seen.queries) == 4


def test_without_a_server_nothing_changes() -> None:
    """Other threads are left alone."""
    with quell.watch(), served():
        assert threading.active_count() >= 1
