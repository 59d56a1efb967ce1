"""Querysets that Django's own suite knows and applications rarely use."""

from threading import Thread

import pytest
from django.db import connections
from django.db.models import FilteredRelation, Q

import quell
from quell.analysis.query_in_loop import is_batched
from quell.events import QueryEvent
from tests.library.models import Author, Book
from tests.planapp.models import Label


@pytest.mark.usefixtures("library")
def test_join_of_a_filtered_relation_is_a_hop_by_its_alias() -> None:
    """Rows that select_related() joins by a FilteredRelation hang on the alias of that relation."""
    authors = Author.objects.annotate(owned=FilteredRelation("books", condition=Q(books__pk__gt=0)))

    # The stubs do not know that a FilteredRelation can be joined.
    joined = authors.select_related("owned")  # type: ignore[misc]

    with quell.watch() as watch:
        languages = [author.owned.language for author in joined]

    (finding,) = watch.findings
    assert finding.path == "owned__language"
    assert finding.count == sum(language is not None for language in languages)


@pytest.mark.usefixtures("library")
def test_queryset_of_an_unknown_alias_is_left_to_django() -> None:
    """A queryset may name a database that does not exist, as long as another one is used in the end."""
    book = Book.objects.all()[0]

    with quell.watch() as watch:
        book.refresh_from_db(from_queryset=Book.objects.using("nowhere"), using="default")

    assert len(watch.queries) == 1


@pytest.mark.django_db
def test_prefetch_from_the_far_end_of_a_generic_relation_has_no_finding() -> None:
    """A related_query_name gives the generic model a manager, and quell can describe it."""
    with quell.watch() as watch:
        list(Label.objects.prefetch_related("ticket"))

    assert watch.findings == ()


def test_watch_makes_no_connection() -> None:
    """Opening a watch leaves aliases alone that nobody used in this thread."""
    found: list[object] = []

    def look() -> None:
        with quell.watch():
            found.extend(connections.all(initialized_only=True))

    thread = Thread(target=look)
    thread.start()
    thread.join()

    assert found == []


@pytest.mark.parametrize("ending", [")", " AND x = (1"])
def test_long_list_of_values_is_read_in_linear_time(ending: str) -> None:
    """Two thousand values are a batch when their list ends, and cost no time when it does not."""
    sql = f"SELECT 1 FROM t WHERE id IN ({'%s, ' * 2000}%s{ending}"
    event = QueryEvent(
        sql=sql, alias="default", duration_ms=0.0, row_count=0, operation="select", trigger=None, many=False
    )

    assert is_batched([event]) is (ending == ")")
