"""Batched answers are those of plain Django, or they are refused with a reason."""

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from django.db.models import Count, F, Model, Prefetch, Window
from django.db.models.functions import RowNumber
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import quell
from quell.advice.injection import boundary
from quell.lineage._patches import answers_from
from quell.loading.batching import Batch, CannotBatch
from quell.proving import injection_for
from tests.library import models as library
from tests.scenarios.world import populate

pytestmark = [pytest.mark.databases, pytest.mark.django_db]
Rows: TypeAlias = Any

SHAPES: list[tuple[type[Model], str]] = [
    (library.Author, "books"),
    (library.Author, "edited_books"),
    (library.Author, "archives"),
    (library.Author, "restaurants"),
    (library.Book, "tags"),
    (library.Book, "notes"),
    (library.Book, "editions"),
    (library.Book, "drafts"),
    (library.Novel, "reviews"),
    (library.Tag, "books"),
    (library.Edition, "copies"),
    (library.Printer, "editions"),
    (library.Language, "books"),
    (library.Member, "follows"),
    (library.Member, "followers"),
    (library.Member, "loans"),
    (library.Category, "children"),
    (library.Country, "places"),
]


def _number(rows: Rows) -> str:
    """Name a column that holds numbers like keys, so that a row can choose by its own."""
    names = {field.name for field in rows.model._meta.concrete_fields}
    return next(
        (name for name in ("stars", "publisher_id", "country_id") if name.removesuffix("_id") in names), ""
    )


def _is_number(rows: Rows, row: Model) -> bool:
    return bool(_number(rows)) and isinstance(row.pk, int)


def _key(row: Model | None) -> str:
    return str(row.pk) if row is not None else ""


def _keys(rows: Rows) -> list[str]:
    keys = [_key(row) for row in rows]
    return keys if rows.query.order_by else sorted(keys)


STEPS: dict[str, Callable[[Rows, Model], Rows]] = {
    "filter": lambda rows, row: rows.filter(pk__isnull=False),
    "none match": lambda rows, row: rows.filter(pk__isnull=True),
    "exclude": lambda rows, row: rows.exclude(pk__in=[rows.model.objects.order_by("pk")[0].pk]),
    "order": lambda rows, row: rows.order_by("pk"),
    "reverse": lambda rows, row: rows.order_by("-pk"),
    # With a composite key, Django writes the direction of the order into the columns of a DISTINCT.
    "distinct": lambda rows, row: rows.distinct() if rows.model is not library.Loan else rows,
    "either": lambda rows, row: rows.filter(pk__isnull=False) | rows.filter(pk__isnull=True),
    "annotated": lambda rows, row: rows.annotate(again=F("pk")) if rows.model is not library.Loan else rows,
    "keys only": lambda rows, row: rows.only("pk"),
    "by row": lambda rows, row: rows.filter(**{_number(rows): row.pk}) if _is_number(rows, row) else rows,
    "of none": lambda rows, row: rows.none() if str(row.pk).endswith("1") else rows,
}

ENDS: dict[str, Callable[[Rows], object]] = {
    "list": _keys,
    "slice": lambda rows: _keys(rows.order_by("pk")[:1]),
    "middle": lambda rows: _keys(rows.order_by("pk")[1:3]),
    "count": lambda rows: rows.count(),
    "exists": lambda rows: rows.exists(),
    "first": lambda rows: _key(rows.order_by("pk").first()),
    "last": lambda rows: _key(rows.order_by("pk").last()),
    "values": lambda rows: sorted(map(str, rows.values_list("pk", flat=True))),
    "aggregate": lambda rows: rows.aggregate(number=Count("pk")) if rows.model is not library.Loan else {},
    "union": lambda rows: sorted(map(str, _keys(rows.order_by().union(rows.order_by())))),
    "length": len,
    "iterator": lambda rows: sorted(map(str, [row.pk for row in rows.iterator()])),
}


@boundary
def _page(model: type[Model], accessor: str, steps: list[str], end: str) -> list[object]:
    parts = []
    for row in model._default_manager.order_by("pk"):
        rows = getattr(row, accessor).all()
        for step in steps:
            rows = STEPS[step](rows, row)
        parts.append(ENDS[end](rows))
    return parts


@pytest.fixture
def _library(db: None) -> None:
    populate()


@pytest.mark.usefixtures("_library")
@pytest.mark.parametrize(("model", "accessor"), SHAPES, ids=lambda item: getattr(item, "__name__", item))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=3, unique=True), st.sampled_from(sorted(ENDS)))
def test_rerun_gives_what_plain_django_gives(
    model: type[Model], accessor: str, steps: list[str], end: str
) -> None:
    """With batched answers the page is the same, or the reason why it is not is named."""
    with quell.watch() as watch:
        plain = _page(model, accessor, steps, end)
    injection = injection_for(watch.scope, watch.findings)

    with answers_from(injection):
        again = _page(model, accessor, steps, end)

    assert again == plain or any(injection.failures)
    assert all(injection.failures)


PROVEN = [
    (model, accessor, end)
    for model, accessor in SHAPES
    for end in ("list", "count", "exists", "first", "last", "slice")
    if model is not library.Printer
]


@pytest.mark.usefixtures("_library")
@pytest.mark.parametrize(
    ("model", "accessor", "end"), PROVEN, ids=lambda item: getattr(item, "__name__", item)
)
def test_filtered_call_is_answered_by_one_query(model: type[Model], accessor: str, end: str) -> None:
    """Every kind of relation but one to another column is batched."""
    with quell.watch() as watch:
        plain = _page(model, accessor, ["filter"], end)
    injection = injection_for(watch.scope, watch.findings)
    with quell.watch() as fixed, answers_from(injection):
        again = _page(model, accessor, ["filter"], end)

    assert (again, injection.failures) == (plain, [])
    assert len(fixed.queries) == 2


def _asked(model: type[Model], accessor: str, change: Callable[[Rows, Model], Rows]) -> list[list[str]]:
    rows = list(model._default_manager.order_by("pk"))
    batch = Batch(model, accessor, [row.pk for row in rows])
    return [[_key(item) for item in batch.rows(change(getattr(row, accessor), row), row)] for row in rows]


@pytest.mark.usefixtures("_library")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda rows, row: rows.filter(publisher_id=row.pk), "the call depends on the row"),
        (lambda rows, row: rows.filter(editor=row), "the call depends on the row"),
        (lambda rows, row: rows.all()[: row.pk], "the call depends on the row"),
        (lambda rows, row: rows.all() | library.Book.objects.filter(editor=1), "was not found"),
        (lambda rows, row: rows.values(), "have no batch"),
        (lambda rows, row: rows.values_list("pk"), "have no batch"),
        (lambda rows, row: rows.annotate(number=F("pk")).values("number"), "have no batch"),
        (lambda rows, row: rows.all().union(rows.all()), "union() has no batch"),
        (lambda rows, row: rows.annotate(number=Window(RowNumber())), "a window function has no batch"),
        (
            lambda rows, row: rows.prefetch_related(
                Prefetch("reviews", queryset=library.Review.objects.filter(stars=row.pk))
            ),
            "the call depends on the row",
        ),
    ],
)
def test_call_that_one_query_cannot_answer_is_refused(
    change: Callable[[Rows, Model], Rows], reason: str
) -> None:
    """The reason is named, and no row gets the answer of another."""
    with pytest.raises(CannotBatch) as caught:
        _asked(library.Author, "books", change)

    assert reason in str(caught.value)


@pytest.mark.usefixtures("_library")
def test_relation_to_another_column_is_refused() -> None:
    """The batch knows the primary keys of the owners only."""
    with pytest.raises(CannotBatch, match="leads to a column that is no primary key"):
        _asked(library.Printer, "editions", lambda rows, row: rows.all())


@pytest.mark.usefixtures("_library")
def test_row_that_did_not_ask_before_is_refused() -> None:
    """An unknown owner gets no empty answer."""
    one, other = library.Author.objects.order_by("pk")[:2]
    batch = Batch(library.Author, "books", [one.pk])

    with pytest.raises(CannotBatch, match="did not make it before"):
        batch.count(other.books.all(), other)


@pytest.mark.usefixtures("_library")
@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.distinct(),
        lambda rows: rows.all()[:2],
        lambda rows: rows.annotate(n=Count("reviews")),
    ],
)
def test_count_of_other_rows_than_those_is_refused(change: Callable[[Rows], Rows]) -> None:
    """Distinct, sliced and grouped rows are not counted by a plain count."""
    author = library.Author.objects.order_by("pk")[0]

    with pytest.raises(CannotBatch, match="has no batch"):
        Batch(library.Author, "books", [author.pk]).count(change(author.books), author)


@pytest.mark.usefixtures("_library")
def test_grouped_rows_are_the_same() -> None:
    """An aggregate per row is that of plain Django, also over many-to-many."""
    rows = list(library.Tag.objects.order_by("pk"))
    batch = Batch(library.Tag, "books", [row.pk for row in rows])
    plain = [[(book.pk, book.number) for book in _with_number(row)] for row in rows]

    assert [[(book.pk, book.number) for book in batch.rows(_with_number(row), row)] for row in rows] == plain


def _with_number(tag: library.Tag) -> Rows:
    return tag.books.annotate(number=Count("reviews")).order_by("pk")


@pytest.mark.usefixtures("_library")
def test_way_back_is_loaded() -> None:
    """A row of a reverse foreign key holds the very owner that asked."""
    author = library.Author.objects.order_by("pk")[0]
    (book, *_) = Batch(library.Author, "books", [author.pk]).rows(author.books.filter(pk__gt=0), author)

    assert book.author is author


@pytest.mark.usefixtures("_library")
def test_each_evaluation_has_rows_of_its_own() -> None:
    """Changing one row changes no other."""
    author = library.Author.objects.order_by("pk")[0]
    batch = Batch(library.Author, "books", [author.pk])
    one, other = (batch.rows(author.books.all(), author)[0] for _ in range(2))

    assert (one == other, one is other) == (True, False)


@pytest.mark.usefixtures("_library")
def test_queryset_of_a_row_stays_as_it_was() -> None:
    """Asking changes neither conditions nor hints."""
    author = library.Author.objects.order_by("pk")[0]
    rows: Rows = author.books.order_by("pk")
    before = str(rows.query), dict(rows._hints)
    Batch(library.Author, "books", [author.pk]).rows(rows, author)

    assert (str(rows.query), dict(rows._hints)) == before


class _ByRow:
    """A router that reads where the row came from."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        """Follow the instance."""
        instance = hints.get("instance")
        return str(instance._state.db) if instance is not None else None

    def allow_relation(self, one: Model, other: Model, **hints: Any) -> bool:
        """Allow everything."""
        return True


@pytest.mark.django_db(databases=["default", "other"])
def test_each_row_is_answered_from_its_own_database() -> None:
    """Rows of two databases with equal keys never get each other's rows."""
    populate()
    populate("other")
    library.Book.objects.using("other").update(title="other")
    with override_settings(DATABASE_ROUTERS=[_ByRow()]):
        authors = [library.Author.objects.using(alias).order_by("pk")[0] for alias in ("default", "other")]
        batch = Batch(library.Author, "books", [author.pk for author in authors])
        titles = [
            {book.title for book in batch.rows(author.books.order_by("pk"), author)} for author in authors
        ]

    assert "other" not in titles[0]
    assert titles[1] == {"other"}
