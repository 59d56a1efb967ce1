"""What the panel shows of a finding beside the code to write."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.test import Client

from quell.findings import docs_url

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("toolbar")]


def test_panel_links_the_page_of_a_code_and_shows_listings(
    panel_of: Callable[[HttpResponseBase], Any],
) -> None:
    """The code is a link; code of several lines is shown as it is to be written."""
    stats = panel_of(Client().get("/authors/")).get_stats()
    stats["findings"][0]["listing"] = "class Numbers:\n    total = 1"
    html = render_to_string("quell/toolbar/panel.html", stats)

    assert f'<a href="{docs_url("Q101")}"' in html
    assert '<pre tabindex="0">class Numbers:\n    total = 1</pre>' in html
