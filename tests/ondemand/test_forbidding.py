"""Loads that are forbidden: where they raise, with what plan, and what stays allowed."""

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.template import Context, Template

import quell
from quell.exceptions import LazyLoadForbidden, QuellError, UsageError
from quell.loading.plan import FetchPlan
from tests.library.models import Author, Book, Member, Note, Tag
from tests.library.serializers import BookSerializer
from tests.ondemand.conftest import counted

pytestmark = pytest.mark.usefixtures("library")

# A queryset, what each row loads, and the plan that makes it unnecessary.
LOADS: dict[str, tuple[Callable[[], Any], Callable[[Any], object], FetchPlan | None]] = {
    "forward": (Book.objects.all, lambda book: book.author, FetchPlan("author")),
    "reverse one": (Author.objects.all, lambda author: hasattr(author, "profile"), FetchPlan("profile")),
    "generic key": (Note.objects.all, lambda note: note.content_object, FetchPlan("content_object")),
    "column": (lambda: Book.objects.defer("text"), lambda book: book.text, None),
    "reverse": (Book.objects.all, lambda book: list(book.reviews.all()), FetchPlan("reviews")),
    "reverse without a name": (Author.objects.all, lambda a: list(a.archives.all()), FetchPlan("archives")),
    "many-to-many": (Book.objects.all, lambda book: list(book.tags.all()), FetchPlan("tags")),
    "many-to-many, backwards": (Tag.objects.all, lambda tag: list(tag.books.all()), FetchPlan("books")),
    "one-way": (Member.objects.all, lambda member: list(member.followers.all()), FetchPlan("followers")),
    "generic relation": (Book.objects.all, lambda book: list(book.notes.all()), FetchPlan("notes")),
    "count": (Book.objects.all, lambda book: book.tags.count(), FetchPlan(counts={"tags_count": "tags"})),
    "exists": (Book.objects.all, lambda book: book.notes.exists(), FetchPlan(exists={"has_notes": "notes"})),
    "filter": (Book.objects.all, lambda book: list(book.tags.filter(name="x")), FetchPlan("tags")),
    "behind a join": (
        lambda: Book.objects.select_related("author"),
        lambda book: book.author.country,
        FetchPlan("author__country"),
    ),
    "behind a prefetch": (
        lambda: Book.objects.prefetch_related("reviews").filter(reviews__isnull=False),
        lambda book: [review.user for review in book.reviews.all()],
        FetchPlan("reviews__user"),
    ),
    "behind two prefetches": (
        lambda: Author.objects.prefetch_related("books__tags").filter(books__tags__isnull=False),
        lambda author: [tag.books.first() for book in author.books.all() for tag in book.tags.all()],
        FetchPlan("books__tags__books"),
    ),
}


@pytest.mark.parametrize("name", LOADS)
def test_each_load_raises_with_its_plan(name: str) -> None:
    """The error carries the plan for the queryset at the root, and the message its code."""
    rows, load, plan = LOADS[name]
    row = rows()[0]
    with pytest.raises(LazyLoadForbidden) as caught, quell.forbid_lazy_loading():
        load(rows()[0])

    assert caught.value.plan == plan
    assert caught.value.model == row._meta.label
    assert caught.value.path in str(caught.value)
    if plan is not None:
        assert repr(plan) in str(caught.value)
        assert plan.as_code(type(row)) in str(caught.value)


@pytest.mark.parametrize("name", [name for name, (_, _, plan) in LOADS.items() if plan and name != "filter"])
def test_each_plan_is_enough(name: str) -> None:
    """With the plan, the same code loads nothing on demand, but for counts, which have attributes of their own."""
    rows, load, plan = LOADS[name]
    assert plan is not None
    if plan.counts or plan.exists or name == "behind two prefetches":
        return
    with quell.forbid_lazy_loading():
        for row in plan.apply(rows()):
            load(row)


def test_the_error_cannot_be_mistaken_for_a_missing_attribute() -> None:
    """Templates, getattr() and DRF swallow other errors."""
    assert issubclass(LazyLoadForbidden, QuellError)
    assert not issubclass(LazyLoadForbidden, (AttributeError, LookupError, TypeError, ValueError))


def test_what_is_loaded_may_be_used() -> None:
    """Joined rows, prefetched rows and loaded columns raise nothing."""
    books = list(Book.objects.select_related("author").prefetch_related("tags", "reviews__user"))
    with quell.forbid_lazy_loading():
        for book in books:
            assert book.author.pk == book.author_id
            assert book.tags.count() == len(book.tags.all())
            assert all(review.user.pk == review.user_id for review in book.reviews.all())


def test_querysets_prefetches_and_writes_are_allowed() -> None:
    """What somebody asked for by name is no load on demand."""
    with quell.forbid_lazy_loading():
        book = Book.objects.prefetch_related("tags").get(title="Book 3")
        assert Book.objects.filter(author=book.author_id).count() == 1
        assert Tag.objects.filter(books=book).count() == 3
        book.title = "changed"
        book.save()
        book.refresh_from_db()
        Tag.objects.filter(name="tag 0").delete()


def test_rows_from_before_the_block_may_not_load_either() -> None:
    """It does not matter where a row came from."""
    book = Book.objects.all()[0]
    with pytest.raises(LazyLoadForbidden) as caught, quell.forbid_lazy_loading():
        str(book.author)

    assert caught.value.plan == FetchPlan("author")


@quell.forbid_lazy_loading()
def _swallow() -> None:
    try:
        str(Book.objects.all()[0].author)
    except Exception:  # noqa: BLE001 -- the broad one is what is tested
        return


@quell.forbid_lazy_loading()
def _replace() -> None:
    try:
        str(Book.objects.all()[0].author)
    except LazyLoadForbidden:
        raise LookupError from None


def test_a_swallowed_error_is_raised_at_the_end() -> None:
    """An ``except`` in between hides nothing."""
    with pytest.raises(LazyLoadForbidden):
        _swallow()


def test_another_error_is_not_hidden_at_the_end() -> None:
    """What ends the block is what is seen."""
    with pytest.raises(LookupError):
        _replace()


def test_a_template_cannot_swallow_it() -> None:
    """A template that loads on demand fails."""
    template = Template("{% for book in books %}{{ book.author.name }}{% endfor %}")
    with pytest.raises(LazyLoadForbidden), quell.forbid_lazy_loading():
        template.render(Context({"books": Book.objects.all()}))


def test_a_serializer_cannot_swallow_it() -> None:
    """A serializer that loads on demand fails."""
    with pytest.raises(LazyLoadForbidden), quell.forbid_lazy_loading():
        BookSerializer(Book.objects.all(), many=True).data  # noqa: B018 -- reading it serializes


def test_a_function_is_decorated() -> None:
    """Each call forbids on its own."""

    @quell.forbid_lazy_loading()
    def name() -> str:
        return str(Book.objects.all()[0].author)

    for _ in range(2):
        with pytest.raises(LazyLoadForbidden):
            name()
    assert str(Book.objects.all()[0].author) == "Author 0"


@pytest.mark.django_db(transaction=True)
async def test_a_coroutine_function_is_decorated() -> None:
    """In async code the load raises in the thread that makes it."""

    @quell.forbid_lazy_loading()
    async def name() -> str:
        book = await Book.objects.afirst()
        assert book is not None
        return await sync_to_async(lambda: str(book.author))()

    with pytest.raises(LazyLoadForbidden):
        await name()


def test_single_rows_may_load_where_only_repeats_are_forbidden() -> None:
    """A page of one object is no N+1, whatever it loads."""
    with quell.forbid_lazy_loading(only="n_plus_one"):
        book = Book.objects.get(title="Book 3")
        assert book.author.country.pk == book.author.country_id
        assert book.tags.count() == 3
        first = Book.objects.order_by("pk")[0]
        assert first.author.pk == first.author_id


@quell.forbid_lazy_loading(only="n_plus_one")
def _ask_both() -> None:
    first, second = Book.objects.order_by("pk")[:2]
    first.tags.count()
    second.tags.filter(name="x").count()


def test_the_second_row_of_a_fetch_may_not() -> None:
    """The first may be the only one; the second proves the N+1."""
    with quell.forbid_lazy_loading(only="n_plus_one"):
        first, _ = Book.objects.order_by("pk")[:2]
        str(first.author)
        assert first.tags.count() == first.tags.count()
    with pytest.raises(LazyLoadForbidden) as caught:
        _ask_both()

    assert caught.value.path == "tags"


def test_rows_behind_a_single_one_may_not_repeat() -> None:
    """What a detail page shows of each related row is named from the single row."""
    with pytest.raises(LazyLoadForbidden) as caught, quell.forbid_lazy_loading(only="n_plus_one"):
        [str(review.user) for review in Book.objects.get(title="Book 3").reviews.all()]

    assert caught.value.plan == FetchPlan("reviews__user")
    assert caught.value.model == "library.Book"


def test_batches_are_no_repeats() -> None:
    """Under batch_loading() a loop runs one query, which is allowed where only repeats are forbidden."""
    with counted() as queries, quell.batch_loading(), quell.forbid_lazy_loading(only="n_plus_one"):
        [str(book.author) for book in Book.objects.all()]
    assert len(queries) == 2

    with pytest.raises(LazyLoadForbidden), quell.forbid_lazy_loading(), quell.batch_loading():
        [str(book.author) for book in Book.objects.all()]


def test_a_wrong_word_is_refused() -> None:
    """There is one word that only= takes."""
    word: Any = "everything"
    with pytest.raises(UsageError, match="n_plus_one"):
        quell.forbid_lazy_loading(only=word)
