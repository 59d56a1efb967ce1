"""The code that is written for numbers that were asked one by one: it runs, and has the same numbers."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Avg, Count, F, Max, Min, Q, Sum

import quell
from quell.aggregation import Statistics
from quell.findings import Finding
from tests.library.models import Author, Book, Publisher, Review
from tests.scenarios.world import populate

pytestmark = pytest.mark.django_db

WANTED = [4, 5]


@pytest.fixture(autouse=True)
def _library() -> None:
    populate()


def _finding(ask: Callable[[], object]) -> tuple[Finding, object]:
    with quell.watch() as watch:
        result = ask()
    (finding,) = watch.findings
    assert finding.code == "Q110"
    return finding, result


def _fetched(finding: Finding, **names: Any) -> dict[str, Any]:
    """Run what the suggestion says, and what the class says, if there is one."""
    found: Statistics = eval(finding.suggestion, {**globals(), **names})
    if finding.listing:
        scope = {**globals(), **names}
        exec(finding.listing, scope)
        assert dict(scope["numbers"]) == dict(found)
    return dict(found)


def test_numbers_have_the_names_of_the_code() -> None:
    """Keys, variables, attributes and arguments name what they hold; conditions become keywords."""

    def ask() -> dict[str, Any]:
        low = 2
        context: dict[str, Any] = {"all reviews": Review.objects.count()}
        good = Review.objects.filter(stars__in=WANTED).order_by("pk").count()
        context["bad"] = Review.objects.filter(stars__lte=low).count()
        context.update(mean=Review.objects.filter(stars__gt=0).aggregate(Avg("stars"))["stars__avg"])
        context.update(Review.objects.aggregate(least=Min("stars"), most=Max("stars")))
        return context | {"good": good}

    finding, result = _finding(ask)

    assert _fetched(finding) == {name.replace(" ", "_"): value for name, value in result.items()}  # type: ignore[attr-defined]
    assert "class ReviewStatistics(quell.Statistics):" in finding.listing
    assert 'bad = Count("pk", stars__lte=2)' in finding.listing
    assert "5 numbers" in finding.message


def test_common_conditions_stay_with_the_queryset() -> None:
    """What all numbers are of is what the statistics take; a name that the function is given is no class's."""

    def ask(author: Author) -> tuple[object, ...]:
        books = Book.objects.filter(author=author).select_related("author")
        return books.count(), books.exclude(language=None).count(), books.filter(title__gt="B").count()

    author = Author.objects.order_by("pk")[0]
    finding, result = _finding(lambda: ask(author))

    assert tuple(_fetched(finding, author=author).values()) == result
    assert finding.suggestion.startswith("quell.Statistics.of(Book.objects.filter(author=author), ")
    assert "filter=~Q(language=None)" in finding.suggestion


def test_conditions_on_one_name_are_combined() -> None:
    """Two conditions on one column are both kept."""

    def ask() -> tuple[object, ...]:
        reviews = Review.objects.all()
        some = reviews.filter(stars__gt=1).exclude(stars=3).filter(stars__gt=2).count()
        return some, reviews.count(), reviews.filter(stars=F("stars")).count()

    finding, result = _finding(ask)
    assert tuple(_fetched(finding).values()) == result


def test_values_that_differ_by_the_moment_are_no_class() -> None:
    """A call is made where the statement is."""

    def ask() -> tuple[object, ...]:
        rows = Review.objects
        return rows.count(), rows.filter(stars__lt=len("abc")).count(), rows.filter(stars=1).count()

    finding, result = _finding(ask)
    assert tuple(_fetched(finding).values()) == result
    assert not finding.listing


def _joined() -> tuple[object, ...]:
    return (
        Book.objects.count(),
        Book.objects.filter(reviews__stars=5).count(),
        Book.objects.filter(title="x").count(),
    )


def _with_q() -> tuple[object, ...]:
    return (
        Book.objects.count(),
        Book.objects.filter(Q(title="x") | Q(title="y")).count(),
        Book.objects.filter(title="x").count(),
    )


def _elsewhere() -> tuple[object, ...]:
    one, other = Book.objects.all(), Book._base_manager.all()
    return one.count(), other.filter(title="x").count(), one.filter(title="y").count()


def _distinct() -> tuple[object, ...]:
    return (
        Book.objects.count(),
        Book.objects.distinct().count(),
        Book.objects.filter(title="x").aggregate(n=Count("pk") + Sum("pk")),
    )


@pytest.mark.parametrize("ask", [_joined, _with_q, _elsewhere, _distinct])
def test_what_cannot_be_read_is_described(ask: Callable[[], object]) -> None:
    """A join that repeats rows, other conditions, rows or steps are not written out, and still found."""
    finding, _ = _finding(ask)

    assert finding.suggestion.startswith("one BookStatistics that declares each number")
    assert not finding.listing


def test_a_line_with_several_numbers_is_read() -> None:
    """They stand in the order in which they are asked."""

    def ask() -> tuple[int, ...]:
        rows = Publisher.objects
        return rows.count(), rows.filter(name="x").count(), rows.filter(name__gt="").count()

    finding, result = _finding(ask)
    assert tuple(_fetched(finding).values()) == result


def test_the_report_shows_the_class() -> None:
    """Advice stands behind the problems, and counts nothing as needless."""
    with quell.watch() as watch:
        _ = (
            Review.objects.count(),
            Review.objects.filter(stars=1).count(),
            Review.objects.filter(stars=2).count(),
        )
    text = watch.report()

    assert text.startswith("3 queries, none of them needless, 1 piece of advice:")
    assert "3 queries, 2 fewer possible" in text
    assert "           class ReviewStatistics(quell.Statistics):" in text
