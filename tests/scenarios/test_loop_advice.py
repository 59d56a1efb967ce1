"""The code for a query in a loop names the column that the loop asks for, and runs."""

from collections.abc import Callable

import pytest
from django.db.models import Count

import quell
from tests.library.models import Author, Book, Printer

pytestmark = [pytest.mark.usefixtures("library"), pytest.mark.django_db]


def _suggestion(ask: Callable[[], object]) -> str:
    with quell.watch() as watch:
        ask()
    return next(item.suggestion for item in watch.findings if item.kind == "query_in_loop")


def _value(code: str, **names: object) -> object:
    query = code.removesuffix(" before the loop")
    assert query != code
    return eval(query, {"Author": Author, "Book": Book, "Printer": Printer, "Count": Count, **names})


def test_loop_advice_for_a_key_is_in_bulk() -> None:
    """Rows by primary key come from in_bulk()."""
    keys = [book.pk for book in Book.objects.all()]
    code = _suggestion(lambda: [Book.objects.get(pk=key) for key in keys])

    assert _value(code, keys=keys) == {book.pk: book for book in Book.objects.all()}


def test_loop_advice_for_a_unique_column_names_it() -> None:
    """in_bulk() takes any unique column."""
    values = [Printer.objects.create(slug=f"loop-{number}").slug for number in range(3)]
    code = _suggestion(lambda: [Printer.objects.get(slug=value) for value in values])

    assert _value(code, values=values) == {
        item.slug: item for item in Printer.objects.filter(slug__in=values)
    }


def test_loop_advice_keeps_what_comes_along() -> None:
    """A lock, a join and a database are those of the rows that were asked for one by one."""
    keys = [book.pk for book in Book.objects.all()]
    code = _suggestion(
        lambda: [Book.objects.using("default").select_related("author").get(pk=key) for key in keys]
    )
    assert code.startswith('Book.objects.using("default").select_related("author").in_bulk(keys)')
    assert _value(code, keys=keys) == {book.pk: book for book in Book.objects.all()}


def test_loop_advice_for_a_lock_locks() -> None:
    """The rows are locked before the loop as they were in it."""
    keys = [book.pk for book in Book.objects.all()]
    code = _suggestion(lambda: [Book.objects.select_for_update().get(pk=key) for key in keys])

    assert code == "Book.objects.select_for_update().in_bulk(keys) before the loop"


def test_loop_advice_for_another_column_is_a_filter() -> None:
    """A column that is not unique is no key of in_bulk()."""
    values = ["Book 0", "Book 1", "Book 2"]
    code = _suggestion(lambda: [Book.objects.get(title=value) for value in values])

    assert code == "Book.objects.filter(title__in=values) before the loop"


def test_loop_advice_for_a_count_groups() -> None:
    """Counts of all values are one grouped query."""
    keys = list(Author.objects.all())
    counts: list[int] = []
    code = _suggestion(lambda: counts.extend(Book.objects.filter(author=key).count() for key in keys))

    found = dict(_value(code, keys=keys))  # type: ignore[call-overload]
    assert [found.get(author.pk, 0) for author in keys] == counts


def test_loop_advice_for_an_existence_is_a_set() -> None:
    """Existence of all values is a set to look them up in."""
    values = ["Book 0", "Book 1", "nothing"]
    code = _suggestion(lambda: [Book.objects.filter(title=value).exists() for value in values])

    assert _value(code, values=values) == {"Book 0", "Book 1"}


def test_loop_advice_for_several_conditions_is_general() -> None:
    """What depends on two columns is not narrowed to one."""
    values = ["Book 0", "Book 1", "Book 2"]
    code = _suggestion(lambda: [Book.objects.filter(title=value, pk__gt=0).exists() for value in values])

    assert "..." in code


def test_loop_advice_for_an_index_is_a_list() -> None:
    """A queryset asks the database for each of its items, a list does not."""
    books = Book.objects.order_by("pk")
    code = _suggestion(lambda: [books[position] for position in range(5)])

    assert code == "list() of the Book.objects rows before the loop, and its items in the loop"


def test_loop_advice_for_one_question_is_to_ask_it_once() -> None:
    """Where nothing of it comes from the loop, it is the same question each time."""
    code = _suggestion(lambda: [Book.objects.get(title="Book 1").text for _ in range(3)])

    assert code == 'book = Book.objects.get(title="Book 1") once, before the loop'


def test_loop_advice_for_one_value_of_many_is_general() -> None:
    """That all values were equal this time is a matter of the rows."""
    values = ["Book 1"] * 3
    code = _suggestion(lambda: [Book.objects.get(title=value) for value in values])

    assert code == "Book.objects.filter(title__in=values) before the loop"
