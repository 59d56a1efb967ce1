"""Expressions over prefetched rows give what the database would, or there is none."""

import ast
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from django.db.models import Count, Max, Min

from quell.advice.cached import over_cache
from quell.advice.manager_calls import Chain, Step, choose_chain, depends_on_row
from tests.library.models import Author, Book, Category, Review, Tag
from tests.scenarios.world import populate

SAME = """
.all()
.filter(publisher_id=1)
.filter(publisher=one)
.filter(pk=2)
.filter(pk__in=[1, 2, 3])
.filter(pk__gt=1, pk__lte=3)
.filter(language=None)
.filter(language__isnull=False).filter(publisher=1)
.exclude(language=None)
.exclude(publisher=1, language__isnull=True)
.order_by("-pk")
.order_by("pk").reverse()
.order_by("-id")[:2]
.filter(publisher=1).order_by("-pk")[:1]
.all().all()
.distinct()
.iterator()
.first()
.last()
.filter(publisher=1).first()
.order_by("-pk").first()
.order_by("-pk").last()
.filter(language=None).exists()
.all().exists()
.all().count()
.filter(language=None).count()
.values_list("pk", flat=True)
.values_list("pk", "publisher")
.order_by("-pk").values_list("title")
.values("title", "author")
.in_bulk()
.contains(book)
.aggregate(number=Max("pk"))
.aggregate(Min("id"))
.aggregate(Count("pk"))
"""

NONE = """
.filter(title__startswith="Book")
.filter(author__name="x")
.filter(publisher=1).annotate(n=Count("reviews"))
.filter(Q(publisher=1))
.filter(**conditions)
.filter(pk="1")
.filter(publisher=f(1))
.order_by("title")
.order_by("?")
.order_by("publisher")
.order_by("pk", "title")
.reverse()
.select_related("publisher")
.only("title")
.by_title()
.values_list("author__name")
.values_list()
.values_list("pk", named=True)
.in_bulk([1])
.aggregate(Sum("publisher"))
.aggregate(Max("pk"), Min("pk"))
.aggregate(Count("tags"))
.filter(nothing=1)
.filter(publisher__in=[1]).filter(publisher__gt=1)
.latest()
.order_by("pk").filter(publisher=1)
"""


def _chain(code: str, manager: str = "author.books") -> Chain:
    steps: list[Step] = []
    node: ast.expr = ast.parse(f"x{code}", mode="eval").body
    while not isinstance(node, ast.Name):
        match node:
            case ast.Call(func=ast.Attribute(value=inner, attr=name)):
                steps.append(Step(name, tuple(node.args), tuple(node.keywords)))
            case ast.Subscript(value=inner, slice=index):
                steps.append(Step("[]", (index,)))
            case _:
                raise AssertionError(code)
        node = inner
    return Chain(manager, tuple(reversed(steps)))


def _plain(value: Any) -> Any:
    if isinstance(value, dict) and len(value) == 1 and isinstance(next(iter(value)), str):
        return next(iter(value.values()))
    if isinstance(value, (str, int, dict, bool, type(None))) or hasattr(value, "pk"):
        return value
    return list(value)


@pytest.mark.django_db
@pytest.mark.parametrize("code", SAME.split("\n")[1:-1])
def test_expression_gives_what_the_database_gives(code: str) -> None:
    """Each translated call has the same result for every author."""
    populate()
    expression = over_cache(_chain(code), Book)
    names = {"Max": Max, "Min": Min, "Count": Count, "book": Book.objects.get(title="Book 1")}

    for author in Author.objects.prefetch_related("books").order_by("pk"):
        scope = {**names, "author": author, "one": author.books.model.objects.get(pk=1).publisher}
        wanted = eval(f"author.books{code}", scope)
        assert _plain(eval(expression, scope)) == _plain(wanted)


@pytest.mark.parametrize("code", NONE.split("\n")[1:-1])
def test_call_that_the_database_decides_has_no_expression(code: str) -> None:
    """Text, relations, empty values and unknown methods are left to the database."""
    assert not over_cache(_chain(code), Book)


@pytest.mark.parametrize(
    ("code", "model", "expression"),
    [
        (".get(stars=1)", Review, "next(review for review in author.books.all() if review.stars == 1)"),
        (".latest('stars')", Review, "max(author.books.all(), key=lambda review: review.stars)"),
        (".earliest('-stars')", Review, "max(author.books.all(), key=lambda review: review.stars)"),
        (".aggregate(Sum('stars'))", Review, "sum(review.stars for review in author.books.all())"),
        (".afirst()", Tag, "min(author.books.all(), key=lambda tag: tag.pk, default=None)"),
        (
            ".filter(name='it is')",
            Category,
            '[category for category in author.books.all() if category.name == "it is"]',
        ),
    ],
)
def test_expression_is_short(code: str, model: Any, expression: str) -> None:
    """The code to write is what one would write by hand."""
    assert over_cache(_chain(code), model) == expression


def test_text_is_left_to_a_database_that_ignores_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """The usual collations of MariaDB call two spellings equal."""
    monkeypatch.setattr(type(connections["default"]), "vendor", "mysql")

    assert not over_cache(_chain('.filter(title="x")'), Book)


def test_name_of_the_row_is_not_taken() -> None:
    """A manager of a variable that is called like the rows keeps its name."""
    assert over_cache(_chain(".filter(pk=1)", "book.parts"), Book) == (
        "[row for row in book.parts.all() if row.id == 1]"
    )


@pytest.mark.parametrize(
    ("code", "depends"),
    [(".filter(title=author.name)", True), (".filter(title=name)", False), (".exclude(author)", True)],
)
def test_argument_that_names_the_owner_depends_on_it(code: str, depends: bool) -> None:
    """No queryset of all rows can use such an argument."""
    assert depends_on_row(_chain(code)) is depends


_CHAINS = [_chain(".all()"), _chain(".filter(pk=1).order_by('pk')"), _chain(".first()")]
_CHOICES: list[tuple[str, Callable[[], Chain]]] = [("", lambda: _CHAINS[1]), ("first", lambda: _CHAINS[2])]


@pytest.mark.parametrize(("method", "chosen"), _CHOICES)
def test_chain_that_ends_in_the_method_is_chosen(method: str, chosen: Callable[[], Chain]) -> None:
    """Of several calls on one line, the method that ran tells which."""
    assert choose_chain(_CHAINS, method) is chosen()
