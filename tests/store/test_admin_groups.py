"""Where a table of groups in Django's admin ends."""

import pytest
from django.test import Client

from quell.contrib import findings_admin
from tests.production.conftest import installed
from tests.store.conftest import facts
from tests.store.test_admin import LIST, _fold, _page, staff

__all__ = ["installed", "staff"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("most", "is_told"), [(2, True), (3, False)])
def test_groups_that_are_left_out_are_told_of(
    most: int, is_told: bool, staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table that ends says so, and only then."""
    monkeypatch.setattr(findings_admin, "_MOST_GROUPS", most)
    _fold((facts(1), 3, "1"), (facts(2), 3, "1"), (facts(3), 3, "1"))
    page = _page(staff, f"{LIST}by/origin/")

    assert page.count('<th scope="row">') == most
    assert (f"Only the first {most} rows are shown" in page) is is_told
