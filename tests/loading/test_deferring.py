"""Columns that a plan leaves out."""

import pytest
from django.db.models import Prefetch, QuerySet

from quell.exceptions import UsageError
from quell.loading import FetchPlan
from tests.press.models import Article, Comment, Writer
from tests.unused.conftest import fill

pytestmark = pytest.mark.django_db


def _deferred(queryset: "QuerySet[Article, Article]") -> set[str]:
    return queryset[0].get_deferred_fields()


def test_defer_leaves_out_a_column() -> None:
    """Beside what the queryset leaves out itself."""
    fill()
    plan = FetchPlan(defer=("body",))

    assert _deferred(plan.apply(Article.objects.all())) == {"body"}
    assert _deferred(plan.apply(Article.objects.defer("facts"))) == {"body", "facts"}


def test_defer_narrows_only() -> None:
    """What only() names goes, and the last name never turns it into its opposite."""
    fill()
    plan = FetchPlan(defer=("body",))

    assert "title" not in _deferred(plan.apply(Article.objects.only("title", "body")))
    assert "body" in _deferred(plan.apply(Article.objects.only("title", "body")))
    assert {"body", "title"} <= _deferred(plan.apply(Article.objects.only("body")))


def test_defer_reaches_through_a_join() -> None:
    """Also one that the plan makes itself."""
    fill()
    for queryset in (
        FetchPlan(defer=("writer__bio",)).apply(Article.objects.select_related("writer")),
        FetchPlan("writer", defer=("writer__bio",)).apply(Article.objects.all()),
    ):
        writer = queryset[0].writer
        assert writer is not None
        assert writer.get_deferred_fields() == {"bio"}


def test_defer_reaches_through_a_prefetch() -> None:
    """The queryset of the prefetch leaves the column out, and keeps what is prefetched behind it."""
    fill()
    writers = Writer.objects.prefetch_related("articles__comments").order_by("pk")

    plan = FetchPlan(defer=("articles__body", "articles__comments__text"))
    article = plan.apply(writers)[0].articles.all()[0]

    assert article.get_deferred_fields() == {"body"}
    assert article.comments.all()[0].get_deferred_fields() == {"text"}


def test_defer_leaves_a_prefetch_with_a_queryset_alone() -> None:
    """That one is somebody's own, and the plan is no reason for an error."""
    fill()
    own = Prefetch("comments", queryset=Comment.objects.order_by("-key"))

    queryset = FetchPlan(defer=("comments__text",)).apply(Article.objects.prefetch_related(own))

    assert queryset[0].comments.all()[0].get_deferred_fields() == set()


def test_defer_of_what_is_not_loaded_does_nothing() -> None:
    """There is nothing to leave out."""
    fill()

    assert _deferred(FetchPlan(defer=("writer__bio", "comments__text")).apply(Article.objects.all())) == set()


@pytest.mark.parametrize("path", ["missing", "id", "writer", "writer__articles", "missing__body"])
def test_defer_refuses_what_is_no_column(path: str) -> None:
    """A key, a relation or a typing error is an error of the caller."""
    with pytest.raises(UsageError):
        FetchPlan(defer=(path,)).apply(Article.objects.all())


def test_defer_is_printed_as_code() -> None:
    """As the value, and as the calls to append."""
    plan = FetchPlan("comments", "writer", defer=("body", "writer__bio", "comments__text"))

    assert repr(FetchPlan(defer=("body",))) == 'FetchPlan(defer=("body",))'
    assert plan.as_code(Article) == (
        '.select_related("writer")'
        '.prefetch_related(Prefetch("comments", queryset=Comment.objects.defer("text")))'
        '.defer("body", "writer__bio")'
    )


def test_defer_merges_and_moves() -> None:
    """Both plans leave their columns out, behind a relation, too."""
    plan = FetchPlan(defer=("body",)) | FetchPlan(defer=("facts",))

    assert plan == FetchPlan(defer=("body", "facts"))
    assert plan.under("articles").defer == ("articles__body", "articles__facts")
