"""The rows that every scenario starts with."""

from itertools import pairwise
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Model

from tests.library.models import (
    Archive,
    Author,
    Book,
    Category,
    Copy,
    Country,
    Draft,
    Edition,
    Language,
    Loan,
    Member,
    Note,
    Printer,
    Profile,
    Publisher,
    Restaurant,
    Review,
    Tag,
)

BOOK_COUNT = 6
AUTHOR_COUNT = 4


def populate(alias: str = "default") -> None:
    """Create six books of four authors, and a few rows of everything else."""
    countries = [Country(name=f"Country {n}") for n in range(3)]
    _create(Country, countries, alias)
    publishers = [Publisher(name=f"Publisher {n}", country=countries[n]) for n in range(2)]
    _create(Publisher, publishers, alias)
    authors = _authors(countries, publishers, alias)
    books = _books(authors, publishers, alias)
    _things_of_books(books, alias)
    _trees_and_places(countries, authors, alias)


def _create(model: type[Model], rows: list[Any], alias: str) -> None:
    model._base_manager.using(alias).bulk_create(rows)


def _authors(countries: list[Country], publishers: list[Publisher], alias: str) -> list[Author]:
    authors = [
        Author(name=f"Author {n}", country=countries[n % 3], publisher=publishers[n % 2] if n else None)
        for n in range(AUTHOR_COUNT)
    ]
    _create(Author, authors, alias)
    # The last author has no profile.
    _create(Profile, [Profile(author=author, text=f"Profile of {author}") for author in authors[:-1]], alias)
    _create(
        Archive, [Archive(author=author, label=f"Box {n}") for author in authors for n in range(2)], alias
    )
    return authors


def _books(authors: list[Author], publishers: list[Publisher], alias: str) -> list[Book]:
    languages = [Language(code=code, name=code.upper()) for code in ("de", "en")]
    _create(Language, languages, alias)
    books = [
        Book(
            title=f"Book {n}",
            text="Once upon a time",
            author=authors[n % AUTHOR_COUNT],
            editor=authors[(n + 1) % AUTHOR_COUNT],
            publisher=publishers[n % 2],
            language=languages[n % 2] if n < 4 else None,
        )
        for n in range(BOOK_COUNT)
    ]
    _create(Book, books, alias)
    tags = [Tag(name=f"Tag {n}") for n in range(3)]
    _create(Tag, tags, alias)
    links = [
        Book.tags.through(book_id=book.pk, tag_id=tags[(n + step) % 3].pk)
        for n, book in enumerate(books)
        for step in range(2)
    ]
    _create(Book.tags.through, links, alias)
    return books


def _things_of_books(books: list[Book], alias: str) -> None:
    users = [User(username=f"user{n}") for n in range(3)]
    _create(User, users, alias)
    for number, book in enumerate(books):
        reviews = [Review(book=book, user=users[(number + n) % 3], stars=n + 1) for n in range(2)]
        _create(Review, reviews, alias)
    _create(
        Draft, [Draft(book=book, is_deleted=n % 2 == 1) for n, book in enumerate([*books, *books])], alias
    )
    notes = [
        Note(text=f"Note on {thing}", content_object=thing)
        for thing in (*books[:3], *(b.author for b in books[:2]))
    ]
    _create(Note, notes, alias)
    printers = [Printer(slug=f"printer-{n}") for n in range(2)]
    _create(Printer, printers, alias)
    editions = [Edition(book=book, printer=printers[n % 2]) for n, book in enumerate(books)]
    _create(Edition, editions, alias)
    _create(Copy, [Copy(edition=edition, shelf=f"Shelf {n}") for n, edition in enumerate(editions)], alias)
    _members(books, alias)


def _members(books: list[Book], alias: str) -> None:
    members = [Member(name=f"Member {n}") for n in range(4)]
    _create(Member, members, alias)
    follows = Member.follows.through
    links = [follows(from_member_id=one.pk, to_member_id=other.pk) for one, other in pairwise(members)]
    _create(follows, links, alias)
    loans = [Loan(member=member, number=n, book=books[n]) for member in members for n in range(2)]
    _create(Loan, loans, alias)


def _trees_and_places(countries: list[Country], authors: list[Author], alias: str) -> None:
    tops = [Category(name=f"Top {n}") for n in range(2)]
    _create(Category, tops, alias)
    middles = [Category(name=f"{top} {n}", parent=top) for top in tops for n in range(2)]
    _create(Category, middles, alias)
    _create(
        Category, [Category(name=f"{node} {n}", parent=node) for node in middles for n in range(2)], alias
    )
    for number, country in enumerate(countries):
        # Rows of two tables cannot be created in bulk.
        place = Restaurant(name=f"Place {number}", country=country, host=authors[number])
        place.save(using=alias)  # quell: ignore[Q105] rows of two tables
