"""What list_select_related has to name keeps what the admin joins already."""

import pytest
from django.contrib import admin

from quell.advice.admins import admin_joins
from tests.library.models import Book


def _joins(monkeypatch: pytest.MonkeyPatch, value: object) -> tuple[str, ...]:
    monkeypatch.setattr(admin.site._registry[Book], "list_select_related", value, raising=False)
    return admin_joins(Book, "BookAdmin", ("publisher__country",))


def test_admin_joins_keep_named_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that are there stay, and one that a new one passes through is not said twice."""
    assert _joins(monkeypatch, ["author", "publisher"]) == ("author", "publisher__country")


def test_admin_joins_name_what_a_bare_call_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    """With True, keys that are never NULL are joined, and would no longer be as one name is given."""
    assert {"author", "publisher__country"} <= set(_joins(monkeypatch, True))


def test_admin_joins_name_no_key_that_nothing_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    """With False, keys that no column shows are not joined, and need no name."""
    assert _joins(monkeypatch, False) == ("publisher__country",)
