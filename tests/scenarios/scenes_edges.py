"""Loops and repeats at the edges of the rules: mixed saves, factories, Django's own reads, breaks nobody sees."""

from contextlib import suppress
from typing import Any

import factory
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import prefetch_related_objects
from django.test import Client

from tests.library.models import Author, Book, Language, Tag
from tests.scenarios.corpus import finds, finds_loop, finds_write, scenario


class TagFactory(factory.django.DjangoModelFactory[Tag]):
    """Tags, as a test suite makes them."""

    class Meta:
        model = Tag

    name = factory.Sequence("Made {}".format)


def _book(title: str) -> Any:
    return Book.objects.get(title=title)  # helper


@scenario(finds_write("Tag", count=4), databases=True)
def save_of_new_and_old_rows() -> object:
    """Two of each, each below the threshold."""
    old = list(Tag.objects.order_by("pk")[:2])
    for tag in (old[0], Tag(name="One"), old[1], Tag(name="Two")):
        tag.save()  # trigger
    return Tag.objects.count()


@scenario(finds_write("Language"), databases=True)
def update_or_create_of_new_and_old_rows() -> object:
    """One of them is there."""
    Language.objects.create(code="xx", name="X")
    for code in ("xx", "yy", "zz"):
        Language.objects.update_or_create(code=code, defaults={"name": code})  # trigger
    return Language.objects.count()


@scenario(databases=True)
def save_of_two_rows_with_a_key() -> object:
    """An UPDATE that finds nothing and an INSERT are one row."""
    for number in (1000, 1001):
        Tag(pk=number, name="One").save()
    return Tag.objects.count()


@scenario(finds_write("Tag"), databases=True)
def get_or_create_of_new_and_old_rows() -> object:
    """One of them is there."""
    return [Tag.objects.get_or_create(name=name)[1] for name in ("Tag 0", "One", "Two")]  # trigger


@scenario(databases=True)
def rows_of_a_factory() -> object:
    """The loop is the library's."""
    return len(TagFactory.create_batch(5))


@scenario(finds_write("Tag", count=4), databases=True)
def loop_around_a_factory() -> object:
    """The loop is the user's."""
    return [TagFactory.create().name for _ in range(4)]  # trigger


@scenario(databases=True)
def logins_of_a_client() -> object:
    """Sessions and the time of a login are Django's."""
    client = Client()
    users = list(User.objects.order_by("pk"))
    for user in [*users, *users]:
        client.force_login(user)
    return len(users)


@scenario(databases=True)
def content_types() -> object:
    """What Django keeps, once it has asked."""
    models: tuple[Any, ...] = (Author, Book, Tag, Language)
    ContentType.objects.clear_cache()
    return [ContentType.objects.get_for_model(model).model for model in models]


@scenario(finds_loop("Book", origin="helper", trigger="helper"), databases=True)
def helper_for_many_rows_and_again() -> object:
    """One line in need of one fix."""
    found = [_book(f"Book {number}") for number in range(3)]
    found.append(_book("Book 5"))
    found.append(_book("Book 5"))
    return found


@scenario(databases=True, transactional=True)
def rolled_back_by_hand() -> object:
    """Whoever ends the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("START TRANSACTION" if connection.vendor == "mysql" else "BEGIN")
        Tag.objects.create(name="Another")
        first = Tag.objects.count()
        cursor.execute("ROLLBACK")
    return first, Tag.objects.count()


@scenario(databases=True)
def rolled_back_to_a_savepoint_by_hand() -> object:
    """Also a part of a transaction."""
    with suppress(LookupError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SAVEPOINT mine")
        Tag.objects.create(name="Another")
        first = Tag.objects.count()
        cursor.execute("ROLLBACK TO SAVEPOINT mine")
    return first, Tag.objects.count()


@scenario(databases=True)
def copied() -> object:
    """Rows that PostgreSQL reads from the client, past Django."""
    first = Tag.objects.count()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor, cursor.copy("COPY library_tag (name) FROM STDIN") as copy:
            copy.write_row(["Another"])
    else:
        Tag.objects.create(name="Another")
    return first, Tag.objects.count()


@scenario(finds("Author", "books"), databases=True)
def prefetch_for_one_row_at_a_time() -> object:
    """A prefetch per row is a load per row."""
    authors = list(Author.objects.order_by("pk"))  # origin
    for author in authors:
        prefetch_related_objects([author], "books")  # trigger
    return [len(author.books.all()) for author in authors]
