"""Which numbers share a pass: by the indexes that are declared, and by what a database says when it is asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management.color import no_style
from django.db import connection, connections
from django.db.models import Count as PlainCount
from django.db.models import Model

from quell.aggregation import Count, Statistics, Sum, collect
from quell.aggregation.estimates import Costs, indexed_share
from quell.aggregation.explaining import Explanation
from quell.aggregation.numbers import read_number
from quell.aggregation.parts import Form, Part
from quell.aggregation.planning import plan_parts
from quell.introspection.indexes import leading_columns
from tests.library.models import Book
from tests.planapp.models import Customer, Line, Ticket, Vip

pytestmark = pytest.mark.databases


def _parts(costs: dict[str, float], *, start: float = 1.0, each: float = 0.1, vendor: str = "sqlite") -> Any:
    numbers = {name: read_number(Ticket, name, Count("pk", subject=name)) for name in costs}
    return plan_parts(numbers, Costs(alone=costs, start=start, each=each), vendor)


def _shown(parts: tuple[Part, ...]) -> list[str]:
    return [" ".join(part.numbers) for part in parts]


def test_numbers_that_read_every_row_share_a_pass() -> None:
    """A pass is shared where it saves more than it costs, by those that are cheaper in it."""
    assert _shown(_parts({"a": 1.0, "b": 1.0, "c": 0.001})) == ["a b", "c"]
    assert _shown(_parts({"a": 1.0, "b": 0.001})) == ["a", "b"]
    assert _shown(_parts({"a": 0.5, "b": 0.5})) == ["a", "b"]
    assert _shown(_parts({"a": 0.7, "b": 0.7})) == ["a b"]


def test_numbers_with_equal_conditions_are_never_apart() -> None:
    """They are one pass, whose conditions go to WHERE, whatever an index finds."""
    numbers = {
        "a": read_number(Ticket, "a", Count("pk", subject="x")),
        "b": read_number(Ticket, "b", Sum("pk", subject="x")),
        "c": read_number(Ticket, "c", Count("pk", subject="y")),
    }
    costs = Costs(alone=dict.fromkeys(numbers, 0.01), start=1.0, each=0.001)
    first, second = plan_parts(numbers, costs, "sqlite")

    assert (list(first.numbers), first.hoisted) == (["a", "b"], (("subject", "x"),))
    assert list(second.numbers) == ["c"]


def test_conditions_over_tables_and_relations_have_a_pass_of_their_own() -> None:
    """What asks another table for each row, and what counts rows of a relation, shares no pass with the rest."""
    numbers = {
        "a": read_number(Ticket, "a", Count("pk")),
        "b": read_number(Ticket, "b", Count("pk", subject="x")),
        "c": read_number(Ticket, "c", Count("pk", comments__is_public=True)),
        "d": read_number(Ticket, "d", Count("comments")),
        "e": read_number(Ticket, "e", Count("comments", comments__is_public=True)),
        "f": read_number(Ticket, "f", Count("lines")),
    }
    costs = Costs(alone=dict.fromkeys("abc", 1.0), start=1.0, each=0.1)

    assert _shown(plan_parts(numbers, costs, "sqlite")) == ["a b", "c", "d e", "f"]


def test_parallel_workers_are_left_their_pass() -> None:
    """On PostgreSQL a number that reads every row is a table, which workers may read; elsewhere a scalar."""
    forms = {
        vendor: [part.form for part in _parts({"a": 1.0, "b": 0.001}, vendor=vendor)] for vendor in _VENDORS
    }

    assert forms["postgresql"] == [Form.TABLE, Form.SCALAR]
    assert forms["sqlite"] == forms["mysql"] == [Form.SCALAR, Form.SCALAR]


_VENDORS = ("postgresql", "sqlite", "mysql")


@pytest.mark.parametrize(
    ("model", "condition", "share"),
    [
        (Ticket, ("pk", 1), 0.0),
        (Ticket, ("customer", 1), 0.01),
        (Ticket, ("customer_id__in", [1, 2]), 0.02),
        (Ticket, ("organization__isnull", True), 0.3),
        (Ticket, ("organization", None), 0.3),
        (Ticket, ("id__gte", 5), 0.1),
        (Ticket, ("subject", "x"), None),
        (Ticket, ("customer__name", "x"), None),
        (Ticket, ("pk__contains", "x"), None),
        (Ticket, ("customer__in", Customer.objects.all()), None),
        (Vip, ("name", "x"), None),
        (Vip, ("id", 1), 0.0),
    ],
)
def test_declared_indexes_tell_what_a_condition_keeps(
    model: type[Model], condition: tuple[str, object], share: float | None
) -> None:
    """A share is guessed where an index starts with the column and serves the lookup."""
    assert indexed_share(model, condition) == share


def test_composite_keys_start_with_their_first_column() -> None:
    """Of an index over several columns only the first one is looked up by itself."""
    assert not leading_columns(Line)["ticket"].is_unique
    assert "number" not in leading_columns(Line)


class BookStatistics(Statistics):
    """Numbers by index and by pass."""

    total = Count("pk")
    first = Count("pk", title="a")
    second = Count("pk", title="b")
    one = Count("pk", pk=1)
    reviews = PlainCount("reviews")
    reviewed = Count("pk", reviews__isnull=False)

    class Meta:
        model = Book


@pytest.mark.django_db
def test_explanation_names_passes_and_indexes() -> None:
    """Without a database that was asked, the indexes of the model decide."""
    explained = Statistics.of(Book, a=Count("pk", title="a"), b=Count("pk", title="b"), c=Count("pk", pk=1))
    with_guess = explained.explain()

    assert isinstance(with_guess, Explanation)
    assert {name for item in with_guess.passes for name in item.names} == {"a", "b", "c"}
    assert str(with_guess).startswith("one statement, ")
    assert "BETWEEN" not in with_guess.sql


@pytest.mark.django_db(transaction=True)
def test_a_database_that_was_asked_decides(django_assert_num_queries: Any) -> None:
    """Many rows make a pass worth sharing; a key is found by index; later statements are still one, and right."""
    _fill(3_000)
    with django_assert_num_queries(0):
        explanation = BookStatistics().explain()
    shared = [item.names for item in explanation.passes if len(item.names) > 1]

    assert explanation.is_asked
    assert ("one",) in [item.names for item in explanation.passes]
    assert any({"first", "second"} <= set(names) for names in shared)
    assert 'an index on title would find "first" by itself' in explanation.hints
    assert "costs asked of the database" in str(explanation)
    with django_assert_num_queries(1):
        result = BookStatistics().fetch()
    assert (result.total, result.first, result.second, result.one) == (3_000, 1_500, 1_500, 0)


@pytest.mark.django_db(transaction=True)
def test_asking_about_some_rows_counts_those() -> None:
    """A queryset with a condition has costs of its own, also where no number is one of its model's rows."""
    _fill(300)
    rows = Book.objects.filter(pk__gt=5)

    assert BookStatistics(rows).explain().is_asked
    assert BookStatistics(rows).fetch().total == BookStatistics(rows).fetch().first * 2
    assert Statistics.of(rows, n=Count("reviews")).explain().passes[0].cost is None
    assert Statistics.of(rows, n=Count("pk", reviews__isnull=False)).explain().is_asked


def test_a_database_in_memory_is_not_asked(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    """It has no second connection."""
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite has databases in memory")
    monkeypatch.setattr(type(connections["default"]), "is_in_memory_db", lambda self: True)

    explanation = BookStatistics(Book.objects.filter(title="z")).explain()

    assert not explanation.is_asked
    assert "guessed from declared indexes" in str(explanation)


def _fill(count: int) -> None:
    from tests.library.models import Author, Country, Publisher

    country = Country.objects.create(name="Land")
    publisher = Publisher.objects.create(name="House", country=country)
    author = Author.objects.create(name="Author", country=country)
    Book.objects.bulk_create(
        Book(pk=n + 10, title="ab"[n % 2], text="...", author=author, editor=author, publisher=publisher)
        for n in range(count)
    )
    table = connection.ops.quote_name(Book._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {'TABLE ' if connection.vendor == 'mysql' else ''}{table}")
    for statement in connection.ops.sequence_reset_sql(no_style(), [Book]):
        with connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL has parallel workers")
@pytest.mark.django_db(transaction=True)
def test_workers_find_numbers_side_by_side(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    """Where the server says that a UNION ALL is cheaper, with what workers cost to start, it is what is sent."""
    _fill(3_000)
    numbers = {f"n{number}": Count("pk", pk__range=(number, number + 900)) for number in range(10, 40, 10)}
    plain = Statistics.of(Book, **numbers)
    before = plain.explain()
    with _eager_workers(monkeypatch):
        explained = (asked := Statistics.of(Book, **numbers)).explain()
        with django_assert_num_queries(1) as captured:
            found = asked.fetch()
        with django_assert_num_queries(1) as together:
            both = collect(books=asked, others=plain)

    assert "UNION ALL" not in before.sql
    assert "UNION ALL" in explained.sql
    assert "UNION ALL" in captured.captured_queries[0]["sql"]
    assert [item.reason for item in explained.passes] == ["found by a parallel worker, beside the others"] * 3
    assert dict(found) == dict(plain.fetch()) == dict(both.books)
    # What was compared were these numbers by themselves.
    assert "UNION ALL" not in together.captured_queries[0]["sql"]


@contextmanager
def _eager_workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let new connections use workers for the branches of small statements, and count nothing for their start."""
    monkeypatch.setattr("quell.aggregation.facts._WORKERS_COST", 0.0)
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    eager = {"parallel_setup_cost": "0", "parallel_tuple_cost": "0"}
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {connection.ops.quote_name(Book._meta.db_table)}")
        for setting, value in eager.items():
            cursor.execute(f"ALTER DATABASE {name} SET {setting} = {value}")
        try:
            yield
        finally:
            cursor.execute(f"ALTER DATABASE {name} RESET ALL")


class OurStatistics(Statistics):
    """The base class of those of a project."""


class FewStatistics(OurStatistics):
    """Declared, with a model."""

    total = Count("pk")

    class Meta:
        model = Customer


class MoreStatistics(FewStatistics):
    """Inherits what is declared."""

    named = Count("pk", name="a")


@pytest.mark.django_db(transaction=True)
def test_all_that_is_declared_can_be_explained(django_assert_num_queries: Any) -> None:
    """Those of a base class or of all; what is made at hand is not declared."""
    at_hand = OurStatistics.of(Customer, n=Count("pk"))
    with django_assert_num_queries(0):
        found = OurStatistics.explain_all()

    assert list(found) == [FewStatistics, MoreStatistics]
    assert type(at_hand) not in found
    assert all(item.is_asked for item in found.values())
    assert {name for item in found[MoreStatistics].passes for name in item.names} == {"total", "named"}
