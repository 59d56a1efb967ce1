"""What looks like the same question asked twice, and is none."""

from contextlib import suppress
from typing import Any

from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Prefetch
from django.db.models.functions import Now
from django.test import Client, RequestFactory

from tests.library import views
from tests.library.forms import BookForm, TagForm
from tests.library.models import Author, Book, Loan, Member, Review, Tag
from tests.scenarios.corpus import scenario


def _book(number: int) -> Any:
    return Book.objects.get(title=f"Book {number}")  # helper


@scenario(databases=True)
def read_back() -> object:
    """A write to the table lies between."""
    first = Tag.objects.count()
    Tag.objects.create(name="Another")
    return first, Tag.objects.count()


@scenario(databases=True)
def read_back_of_a_join() -> object:
    """A write to one of the tables lies between."""
    books = Book.objects.filter(author__name="Author 0").order_by("pk")
    first = list(books.all())
    Author.objects.filter(name="Author 0").update(name="Nobody")
    return first, list(books.all())


@scenario(databases=True)
def read_back_of_raw_sql() -> object:
    """Whoever wrote it."""
    first = Tag.objects.count()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE library_tag SET name = 'x' WHERE name = 'Tag 0'")
    return first, Tag.objects.count()


@scenario(databases=True)
def rolled_back() -> object:
    """What was written before the first read is gone at the second."""
    found: list[int] = []
    with suppress(LookupError), transaction.atomic():
        Tag.objects.create(name="Another")
        found.append(Tag.objects.count())
        raise LookupError
    return [*found, Tag.objects.count()]


@scenario()
def relation_read_back() -> object:
    """A row was added to the relation."""
    author = Author.objects.get(name="Author 0")
    first = author.books.count()
    author.books.create(title="New", text="")
    return first, author.books.count()


@scenario()
def refreshed_after_a_save() -> object:
    """A write lies between."""
    book = Book.objects.get(title="Book 1")
    book.refresh_from_db()
    book.save()
    book.refresh_from_db()
    return book.title


@scenario()
def helper_for_two_rows() -> object:
    """One helper, two rows."""
    return [_book(1), _book(2)]


@scenario()
def two_rows_with_one_author() -> object:
    """Two rows that lead to one and the same third."""
    one, other = _book(1), _book(5)
    return one.author.name == other.author.name


@scenario(databases=True)
def any_row() -> object:
    """Each time another one."""
    first = Tag.objects.order_by("?").first()
    return first is not None, Tag.objects.order_by("?").first() is not None


@scenario()
def at_the_moment() -> object:
    """The time has passed."""
    tags = Tag.objects.annotate(now=Now())
    return len(tags.all()), len(tags.all())


@scenario(databases=True)
def locked_rows() -> object:
    """A lock is more than a read."""
    with transaction.atomic():
        first = Tag.objects.select_for_update().get(name="Tag 1")
        return first, Tag.objects.select_for_update().get(name="Tag 1")


@scenario()
def two_requests() -> object:
    """Two requests of a test for the same page."""
    client = Client()
    return client.get("/books/eager/").content, client.get("/books/eager/").content


@scenario()
def two_calls_of_a_view() -> object:
    """A view that is called by hand, once per request."""
    factory = RequestFactory()
    book = Book.objects.values_list("pk", flat=True).get(title="Book 1")
    one = views.book(factory.get("/"), book).content
    return one, views.book(factory.get("/"), book).content


@scenario()
def checked_around_a_request() -> object:
    """A test that looks before and after a request."""
    before = Book.objects.count()
    Client().get("/books/eager/")
    return before, Book.objects.count()


@scenario()
def two_permissions_of_two_users() -> object:
    """What a framework asks for itself."""
    user = User.objects.create(username="someone")
    found = [User.objects.get(pk=user.pk).has_perm("library.add_book")]
    user.save()
    return found, User.objects.get(pk=user.pk).has_perm("library.add_book")


@scenario()
def missed_cache() -> object:
    """A cache that is empty asks again."""
    cache.clear()
    first = cache.get_or_set("tags", Tag.objects.count)
    cache.clear()
    return first, cache.get_or_set("tags", Tag.objects.count)


@scenario()
def two_forms() -> object:
    """Fields of two forms, each with choices of its own."""
    return str(BookForm()), str(TagForm())


@scenario()
def two_prefetches_of_the_same_rows() -> object:
    """Two querysets that prefetch for the same rows."""
    one = list(Book.objects.prefetch_related("reviews").order_by("pk"))
    other = list(Book.objects.prefetch_related(Prefetch("reviews", Review.objects.all())).order_by("title"))
    return len(one), len(other)


@scenario()
def exists_then_rows() -> object:
    """Two statements that are not the same."""
    loans = Loan.objects.filter(member__name="Member 1")
    return list(loans) if loans.exists() else Member.objects.none()
