"""The findings in the admin, in the language of whoever looks at them."""

from html import unescape

import pytest
from django.test import Client, override_settings

from quell.store.findings import StoredFinding
from tests.production.conftest import installed
from tests.store.conftest import facts
from tests.store.test_admin import LIST, _fold, _page, fix_page, reader, staff
from tests.wording.pseudo import plain_letters, wide_language

__all__ = ["fix_page", "installed", "reader", "staff"]

pytestmark = pytest.mark.django_db(transaction=True)
_MESSAGE = "3 authors each loaded their country on their own: 3 queries, none needed"
# What the project names.
_NAMES = (
    "GET /tickets/",
    "library.Author",
    "Q101",
    "library/views.py",
    "country",
    "ann",
    "quell",
    "authors",
    "AuthorView.queryset",
)
# Django does not translate this one.
_OF_DJANGO = ("Search",)
# What a superuser sees beside the page.
_MODELS = ("Library", "Authors", "Books", "Categorys", "Editions")


@pytest.fixture
def row(staff: Client) -> StoredFinding:
    """A finding, as an English process stored it."""
    _fold((facts(1), 3, "1"))
    StoredFinding.objects.update(message=_MESSAGE, place="AuthorView.queryset", trigger="library/views.py:7")
    return StoredFinding.objects.get()


def _pages(row: StoredFinding) -> list[str]:
    return [LIST, f"{LIST}{row.pk}/change/", f"{LIST}{row.pk}/fix/", *(
        f"{LIST}by/{group}/" for group in ("endpoint", "origin", "first_release")
    ), f"{LIST}?q=nothing"]  # fmt: skip


@override_settings(LANGUAGE_CODE="de")
def test_admin_is_in_german(row: StoredFinding, staff: Client) -> None:
    """Columns, groups, and what the finding says."""
    page = unescape(_page(staff, f"{LIST}{row.pk}/change/"))

    assert "3 authors haben country je für sich geladen: 3 Abfragen, keine nötig" in page
    assert "Wie oft" in page
    assert "Korrektur anzeigen" in page
    assert "Nach Endpunkt" in unescape(_page(staff, LIST))
    assert "Sie dürfen keinen Quellcode sehen." in _page(staff, f"{LIST}{row.pk}/fix/")


@override_settings(LANGUAGE_CODE="de")
def test_reason_without_a_fix_is_in_german(reader: Client, fix_page: str) -> None:
    """It comes from code that knows of no language."""
    StoredFinding.objects.update(anchor="x=1")

    assert "Hier läuft ein anderes Release" in _page(reader, fix_page)


def test_admin_leaves_nothing_untranslated(row: StoredFinding, staff: Client) -> None:
    """Whatever a person reads or hears is translated, but for code and names."""
    with wide_language():
        for address in _pages(row):
            assert (
                plain_letters(_page(staff, address), (*_NAMES, row.fingerprint, "nothing"), whole=_OF_DJANGO)
                == []
            ), address


def test_deletion_leaves_nothing_untranslated(row: StoredFinding, admin_client: Client) -> None:
    """It names what goes with a finding."""
    with wide_language():
        page = _page(admin_client, f"{LIST}{row.pk}/delete/")

    assert plain_letters(page, (*_NAMES, *_MODELS, "admin")) == []
