"""What a loop asks of a related manager beside all rows: no plan, but the same evidence."""

from django.db.models import Avg

from tests.library.models import Author, Book, Publisher, Tag
from tests.scenarios.corpus import Fix, finds, scenario


@scenario(finds("Author", "books", count=4))
def first() -> object:
    """The first related row."""
    authors = Author.objects.order_by("pk")  # origin
    return [author.books.first() for author in authors]  # trigger


@scenario(finds("Author", "books", count=4))
def last() -> object:
    """The last related row."""
    authors = Author.objects.order_by("pk")  # origin
    return [author.books.order_by("title").last() for author in authors]  # trigger


@scenario(finds("Author", "books", count=4))
def latest() -> object:
    """The latest related row."""
    authors = Author.objects.order_by("pk").filter(books__isnull=False).distinct()  # origin
    return [author.books.latest("pk") for author in authors]  # trigger


@scenario(finds("Book", "reviews", count=6), databases=True)
def aggregate() -> object:
    """A mean of related rows."""
    books = Book.objects.order_by("pk")  # origin
    return [book.reviews.aggregate(mean=Avg("stars"))["mean"] for book in books]  # trigger


@scenario(finds("Author", "books", count=4))
def filtered(fix: Fix) -> object:
    """Some related rows; the plan puts them into a list of their own."""
    authors = fix(Author.objects.order_by("pk"))  # origin
    if fix.is_applied:
        return [author.chosen_books for author in authors]
    return [list(author.books.filter(title__endswith="1")) for author in authors]  # trigger


@scenario(finds("Author", "books", count=4))
def excluded(fix: Fix) -> object:
    """All but some."""
    authors = fix(Author.objects.order_by("pk"))  # origin
    if fix.is_applied:
        return [author.chosen_books for author in authors]
    return [list(author.books.exclude(title__endswith="1")) for author in authors]  # trigger


@scenario(finds("Author", "books", count=4))
def ordered(fix: Fix) -> object:
    """An order of the loop's own misses rows that were prefetched, so none are."""
    authors = fix(Author.objects.order_by("pk"))  # origin
    if fix.is_applied:
        return [author.ordered_books for author in authors]
    return [list(author.books.order_by("title")) for author in authors]  # trigger


@scenario(finds("Author", "books", count=4))
def sliced() -> object:
    """The first two related rows."""
    authors = Author.objects.order_by("pk")  # origin
    return [list(author.books.order_by("pk")[:2]) for author in authors]  # trigger


@scenario(finds("Author", "books", count=4))
def values() -> object:
    """Columns instead of rows."""
    authors = Author.objects.order_by("pk")  # origin
    return [list(author.books.values_list("title", flat=True)) for author in authors]  # trigger


@scenario(finds("Book", "tags", count=6))
def contains(fix: Fix) -> object:
    """Whether one row is among the related ones; prefetched rows answer that."""
    tag = Tag.objects.get(name="Tag 1")
    books = fix(Book.objects.order_by("pk"))  # origin
    return [book.tags.contains(tag) for book in books]  # trigger


@scenario(finds("Tag", "books", trigger="models.py:books_count"))
def property_that_counts(fix: Fix) -> object:
    """The annotation must not take the name of the property."""
    tags = fix(Tag.objects.order_by("pk"))  # origin
    return [tag.annotated_books_count if fix.is_applied else tag.books_count for tag in tags]


@scenario(finds("Author", "books", count=4))
def iterated() -> object:
    """An iterator of each relation reads past what was prefetched."""
    authors = Author.objects.order_by("pk")  # origin
    return [list(author.books.iterator()) for author in authors]  # trigger


@scenario(finds("Author", "books", count=4))
def filtered_count() -> object:
    """A count of some related rows."""
    authors = Author.objects.order_by("pk")  # origin
    return [author.books.filter(title__endswith="1").count() for author in authors]  # trigger


@scenario(finds("Author", "books", count=4))
def filtered_existence() -> object:
    """Whether some related row exists."""
    authors = Author.objects.order_by("pk")  # origin
    return [author.books.filter(title__endswith="1").exists() for author in authors]  # trigger


@scenario(finds("Author", "books", count=4))
def filtered_first() -> object:
    """The first of some related rows."""
    authors = Author.objects.order_by("pk")  # origin
    return [author.books.filter(title__endswith="1").first() for author in authors]  # trigger


@scenario(finds("Author", "books", count=4))
def method_of_the_related_manager() -> object:
    """A method of the queryset class is code of the user, and not the line that caused the load."""
    authors = Author.objects.order_by("pk")  # origin
    return [list(author.books.by_title()) for author in authors]  # trigger


@scenario(finds("Author", "books", count=2, trigger="get"))
def get_of_a_related_manager() -> object:
    """One related row by a condition."""
    authors = Author.objects.order_by("pk")[:2]  # origin
    return [author.books.get(title=f"Book {number}") for number, author in enumerate(authors)]  # get


@scenario(finds("Author", "books__tags", trigger="inner"), finds("Author", "books", trigger="outer"))
def rows_behind_some_rows() -> object:
    """A relation behind a filtered one has its path from the root, too."""
    names = []
    for author in Author.objects.order_by("pk"):  # origin
        for book in author.books.filter(title__startswith="Book"):  # outer
            names += [tag.name for tag in book.tags.all()]  # inner
    return names


@scenario(finds("Author", "books", count=4))
def joined() -> object:
    """A join of the loop's own misses the prefetched rows, so a plan alone would not help."""
    authors = Author.objects.order_by("pk")  # origin
    return [list(author.books.select_related("publisher")) for author in authors]  # trigger


@scenario(finds("Author", "books", count=4))
def some_columns() -> object:
    """So does a choice of columns."""
    authors = Author.objects.order_by("pk")  # origin
    return [list(author.books.only("title", "author")) for author in authors]  # trigger


@scenario(finds("Author", "books", count=4))
def annotated() -> object:
    """So does an annotation."""
    authors = Author.objects.order_by("pk")  # origin
    return [list(author.books.annotate(stars=Avg("reviews__stars"))) for author in authors]  # trigger


@scenario(finds("Author", "books", count=4), finds("Author", "books__tags", count=4))
def prefetched() -> object:
    """So does a prefetch, which itself asks again for each list."""
    authors = Author.objects.order_by("pk")  # origin
    return [list(author.books.prefetch_related("tags")) for author in authors]  # trigger


@scenario(
    finds("Author", "books", count=4),
    finds("Author", "books__tags", count=4),
    finds("Author", "books__reviews__user", count=8),
)
def prefetched_twice_behind_a_choice() -> object:
    """Each relation that the chosen rows of every list prefetch is named with its whole path."""
    authors = Author.objects.order_by("pk")  # origin
    found: list[Book] = []
    for author in authors:
        found += author.books.by_title().prefetch_related("tags", "reviews__user")  # trigger
    return found


@scenario()
def prefetched_for_one_list() -> object:
    """What one list prefetches is asked once."""
    author = Author.objects.get(name="Author 1")
    return list(author.books.prefetch_related("tags", "reviews"))


@scenario()
def answers_from_a_prefetch() -> object:
    """These methods answer from the rows that were prefetched."""
    authors = Author.objects.prefetch_related("books")
    return [
        (author.books.count(), author.books.exists(), len(author.books.all()), author.books.all()[:1])
        for author in authors
    ]


@scenario()
def membership_in_a_prefetch() -> object:
    """So does contains()."""
    book = Book.objects.get(title="Book 1")
    return [author.books.contains(book) for author in Author.objects.prefetch_related("books")]


@scenario()
def relations_of_one_row() -> object:
    """One publisher's page asks each of its relations once."""
    publisher = Publisher.objects.get(name="Publisher 0")
    return [
        publisher.books.count(),
        list(publisher.authors.all()),
        publisher.books.first(),
        publisher.country,
    ]
