"""Numbers of one model, asked one by one, and what only looks like it."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Avg, Count, Max, Sum

from tests.library.models import Author, Book, Country, Loan, Publisher, Review, Tag
from tests.scenarios.corpus import finds_statistics, scenario


@scenario(finds_statistics("Review"), databases=True)
def dashboard_of_one_model() -> object:
    """Each number has a line."""
    return {
        "total": Review.objects.count(),  # trigger
        "good": Review.objects.filter(stars__gte=4).count(),
        "average": Review.objects.aggregate(value=Avg("stars"))["value"],
    }


@scenario(finds_statistics("Book"))
def numbers_of_what_one_publisher_has() -> object:
    """The relation of one row is a queryset like any other."""
    publisher = Publisher.objects.order_by("pk").first()
    assert publisher is not None
    total = publisher.books.count()  # trigger
    foreign = publisher.books.exclude(language=None).count()
    first = publisher.books.filter(title="Book 1").count()
    return total, foreign, first


class _Board:
    def __init__(self) -> None:
        self.books = Book.objects.all()

    def total(self) -> int:
        return self.books.count()  # total

    def plain(self) -> int:
        return self.books.filter(language=None).count()

    def lent(self) -> Any:
        return self.books.aggregate(most=Max("loans__number"))["most"]


@scenario(finds_statistics("Book", trigger="total"))
def methods_of_one_class() -> object:
    """A class has a method for each number."""
    board = _Board()
    return board.total(), board.plain(), board.lent()


@scenario()
def two_numbers() -> object:
    """The count of a list and another number are no dashboard."""
    return Tag.objects.count(), Tag.objects.filter(name="x").count()


@scenario()
def a_page_and_two_numbers() -> object:
    """A paginator counts what it shows."""
    page = Paginator(Book.objects.order_by("pk"), 2).page(1)
    return (
        list(page),
        page.paginator.count,
        Book.objects.filter(title="x").count(),
        Book.objects.aggregate(last=Max("title")),
    )


@scenario()
def numbers_of_several_models() -> object:
    """One number of each."""
    return Book.objects.count(), Author.objects.count(), Country.objects.count(), Loan.objects.count()


@scenario()
def numbers_before_and_after_writes() -> object:
    """What was changed in between is another number."""
    before = Tag.objects.count()
    Tag.objects.create(name="new")
    between = Tag.objects.filter(name="new").count()
    Tag.objects.filter(name="new").delete()
    return before, between, Tag.objects.exclude(name="x").count()


@scenario()
def numbers_in_one_statement() -> object:
    """That is the fix."""
    return Review.objects.aggregate(n=Count("pk"), total=Sum("stars"), average=Avg("stars"))
