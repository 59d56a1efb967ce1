"""Models that only a migration knows: findings name them, and quell does not stumble over them."""

from typing import Any

import pytest
from django.db import models
from django.db.migrations.state import ModelState, ProjectState, StateApps

import quell
from quell.advice.models import UnknownModelError, find_model, model_of
from quell.findings import Finding
from tests.library.models import Author, Country

pytestmark = pytest.mark.django_db

Column = tuple[str, "models.Field[Any, Any]"]


@pytest.fixture
def gone() -> StateApps:
    """Return the models of authors and countries as a migration of an application that is gone sees them."""
    for number in range(3):
        country = Country.objects.create(name=f"country {number}")
        Author.objects.create(name=f"author {number}", country=country)
    state = ProjectState()
    key: Column = ("id", models.BigAutoField(primary_key=True))
    name: Column = ("name", models.CharField(max_length=50))
    country_key: Column = (
        "country",
        models.ForeignKey("gone.Country", models.CASCADE, related_name="authors"),
    )
    state.add_model(ModelState("gone", "Country", [key, name], options={"db_table": "library_country"}))
    fields = [key, name, country_key]
    state.add_model(ModelState("gone", "Author", fields, options={"db_table": "library_author"}))
    return state.apps


def test_loop_over_rows_of_a_migration_is_found(gone: StateApps) -> None:
    """A migration that loads a relation row by row is reported; the suggestion says why there is no code."""
    with quell.watch() as watch:
        for author in _rows(gone, "Author").all():
            str(author.country.name)

    (finding,) = watch.findings
    assert (finding.kind, finding.model, finding.path, finding.plan) == (
        "n_plus_one",
        "gone.Author",
        "country",
        None,
    )
    assert "gone.Author" in finding.suggestion
    assert "gone.Author" in watch.report()


def test_counts_over_rows_of_a_migration_are_found(gone: StateApps) -> None:
    """A related manager of such a row is reported, too."""
    with quell.watch() as watch:
        for country in _rows(gone, "Country").all():
            country.authors.count()

    assert [_facts(finding) for finding in watch.findings] == [("n_plus_one", "gone.Country", "authors")]


def test_loop_that_asks_for_rows_of_a_migration_is_found(gone: StateApps) -> None:
    """The same SELECT in a loop is reported, as where ``migrate`` asks three times what was applied."""
    with quell.watch() as watch:
        for _ in range(3):
            list(_rows(gone, "Country").filter(name="country 1"))

    assert {finding.model for finding in watch.findings} == {"gone.Country"}


def test_unknown_model_is_an_error_that_names_it() -> None:
    """Advice that needs a model says which one it lacks."""
    assert find_model("gone.Author") is None
    with pytest.raises(UnknownModelError, match=r"gone\.Author"):
        model_of("gone.Author")


def _rows(apps: StateApps, name: str) -> Any:
    """Return the manager of a model of which the stubs know nothing."""
    return apps.get_model("gone", name)._default_manager


def _facts(finding: Finding) -> tuple[str, str, str]:
    return finding.kind, finding.model, finding.path
