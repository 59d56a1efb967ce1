"""Where users of the admin write a fix: also for models without a class, and for the choices of a form."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

import quell
from quell.findings import Finding, Location
from quell.management.fixing.planning import Files, place_of
from quell.management.fixing.source import CannotFixError, Territory
from quell.management.fixing.units import Unit
from quell.reporting.places import short
from tests.library import admin as library_admin
from tests.library.models import Author, Category

pytestmark = pytest.mark.usefixtures("library")


@pytest.fixture
def parents(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show nodes with the names of their parents."""
    monkeypatch.setattr(
        Category, "__str__", lambda node: f"{node.name} of {node.parent and node.parent.name}"
    )
    for number in range(2):
        top = Category.objects.create(name=f"Top {number}")
        Category.objects.create(name="Low", parent=top)


def _findings(url: str) -> tuple[Finding, ...]:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    with quell.watch() as watch:
        assert client.get(url).status_code == 200
    return watch.findings


def _code_at(finding: Finding) -> str:
    assert finding.origin is not None
    return Path(finding.origin.file).read_text().splitlines()[finding.origin.line - 1]


def test_list_of_a_model_without_a_class_names_one(parents: None) -> None:
    """The class to write stands at the line that registers the model, and has its registration."""
    (finding,) = _findings("/admin/library/category/")

    assert finding.origin is not None
    assert finding.origin.file == library_admin.__file__
    assert _code_at(finding).startswith("admin.site.register([Category])")
    assert finding.place == "CategoryAdmin.list_select_related"
    assert finding.suggestion == 'list_select_related = ("parent",)'
    assert finding.listing.splitlines()[0] == "class CategoryAdmin(admin.ModelAdmin):"
    assert finding.listing.splitlines()[-1] == "admin.site.register(Category, CategoryAdmin)"
    with pytest.raises(CannotFixError, match="CategoryAdmin is to be written"):
        place_of(Files(Territory((Path.cwd(),))), Unit(findings=(finding,)))


def test_choices_of_an_admin_name_its_method(monkeypatch: pytest.MonkeyPatch) -> None:
    """The class of the admin makes its fields; each that shows such rows is named."""
    monkeypatch.setattr(Author, "__str__", lambda author: f"{author.name}, {author.country.name}")

    found = _findings("/admin/library/book/add/")

    (finding,) = [item for item in found if item.path == "country"]
    assert _code_at(finding).startswith("class BookAdmin")
    assert finding.place == "BookAdmin.formfield_for_foreignkey"
    test = 'if db_field.name in {"author", "editor"}'
    assert finding.suggestion == f'{test}: field.queryset = field.queryset.select_related("country")'
    assert f"    {test}:" in finding.listing.splitlines()
    with pytest.raises(CannotFixError, match="by hand"):
        place_of(Files(Territory((Path.cwd(),))), Unit(findings=(finding,)))


def test_choices_of_a_model_without_a_class_name_one(parents: None) -> None:
    """The method stands in the class to write."""
    (finding,) = _findings("/admin/library/category/add/")

    assert _code_at(finding).startswith("admin.site.register([Category])")
    assert finding.place == "CategoryAdmin.formfield_for_foreignkey"
    assert finding.listing.splitlines()[0] == "class CategoryAdmin(admin.ModelAdmin):"


def test_place_in_an_installed_package_is_short() -> None:
    """Where packages are installed is not shown, also where it is below the root."""
    spot = Location("/srv/app/.venv/lib/python3.13/site-packages/shop/views.py", 7, "view")

    assert short(spot, "/elsewhere") == short(spot, "/srv/app") == "shop/views.py:7"
