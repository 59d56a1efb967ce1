"""Messages say what happened, with numbers."""

import pytest

import quell
from tests.library.models import Author, Book, Country
from tests.scenarios.world import populate


@pytest.fixture
def library(db: None) -> None:
    """Fill the library."""
    populate()


def _message(watch: quell.watch) -> str:
    return watch.findings[0].message


@pytest.mark.usefixtures("library")
def test_message_tells_rows_relation_and_queries() -> None:
    """The sentence names who loaded what, and how many queries were needed."""
    with quell.watch() as watch:
        found = [book.author.name for book in Book.objects.all()]

    assert len(found) == 6
    assert _message(watch) == "6 books each loaded their author on their own: 6 queries, none needed"
    assert _message(watch) in watch.report()


@pytest.mark.usefixtures("library")
def test_message_tells_what_was_asked() -> None:
    """A count is called one."""
    with quell.watch() as watch:
        found = [author.books.count() for author in Author.objects.all()]

    assert sum(found) == 6
    assert _message(watch) == "4 authors each counted their books on their own: 4 queries, 1 needed"


@pytest.mark.filterwarnings("ignore:Calling select_related")
@pytest.mark.usefixtures("library")
def test_message_explains_a_bare_select_related() -> None:
    """A nullable key is skipped by a bare select_related(), so the names to write are given."""
    with quell.watch() as watch:
        found = [str(book.publisher) for book in Book.objects.select_related()]

    assert found
    assert (
        'the bare select_related() skips nullable foreign keys: name what is needed, select_related("publisher")'
        in (_message(watch))
    )


@pytest.mark.django_db
def test_message_explains_a_query_of_its_own() -> None:
    """Where many rows share few parents, the message says so, and one query is needed."""
    countries = Country.objects.bulk_create([Country(name=f"Country {n}") for n in range(3)])
    Author.objects.bulk_create([Author(name=f"Author {n}", country=countries[n % 3]) for n in range(900)])

    with quell.watch() as watch:
        found = [author.country.name for author in Author.objects.all()]

    finding = watch.findings[0]
    assert len(found) == 900
    assert finding.message.endswith("900 queries, 1 needed; separate: 900 rows share 3 countrys")
    assert finding.suggestion == '.prefetch_related("country")'
    assert finding.plan == quell.FetchPlan(separate=("country",))
