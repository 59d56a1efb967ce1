"""Rows that were loaded in part, by joins, or by prefetches."""

from django.db.models import Prefetch, prefetch_related_objects

from tests.library.models import Author, Book, Publisher
from tests.scenarios.corpus import Fix, finds, scenario


@scenario(finds("Book", "text", count=6), databases=True)
def column_left_out_by_only() -> object:
    """A column that only() left out is loaded row by row."""
    books = Book.objects.only("title")  # origin
    return [book.text for book in books]  # trigger


@scenario(finds("Book", "text", count=6))
def column_left_out_by_defer() -> object:
    """So is one that defer() named."""
    books = Book.objects.defer("text")  # origin
    return [book.text for book in books]  # trigger


@scenario(finds("Book", "author__name", count=6))
def column_of_a_joined_row() -> object:
    """A joined row may lack a column, too."""
    books = Book.objects.select_related("author").only("title", "author__country")  # origin
    return [book.author.name for book in books]  # trigger


@scenario(finds("Author", "books__text", count=6))
def column_of_a_prefetched_row() -> object:
    """And so may a prefetched one; its own queryset is the one to change."""
    authors = Author.objects.prefetch_related(Prefetch("books", Book.objects.only("author")))  # origin
    return [book.text for author in authors for book in author.books.all()]  # trigger


@scenario(finds("Book", "author_id", trigger="key"), finds("Book", "author", trigger="key"))
def key_left_out(fix: Fix) -> object:
    """A foreign key that was left out costs a query for itself, and one for its row."""
    books = fix(Book.objects.only("title").order_by("pk"))  # origin
    return [book.author.name for book in books]  # key


@scenario()
def columns_that_were_asked_for() -> object:
    """Columns that were named are there."""
    return [(book.title, book.author_id) for book in Book.objects.only("title", "author")]


@scenario()
def one_column_of_one_row() -> object:
    """One row may load its big column later."""
    book = Book.objects.defer("text").get(title="Book 1")
    return book.text


@scenario(finds("Book", "author__country", count=6))
def behind_a_join(fix: Fix) -> object:
    """Rows that a join loaded have the queryset as their root."""
    books = fix(Book.objects.select_related("author").order_by("pk"))  # origin
    return [book.author.country.name for book in books]  # trigger


@scenario(
    finds("Book", "author__country", trigger="author"), finds("Book", "editor__country", trigger="editor")
)
def behind_two_joins_to_one_model(fix: Fix) -> object:
    """Two joins to one model are told apart."""
    found = []
    for book in fix(Book.objects.select_related("author", "editor").order_by("pk")):  # origin
        found.append(book.author.country.name)  # author
        found.append(book.editor.country.name)  # editor
    return found


@scenario(finds("Book", "author__profile"))
def reverse_one_to_one_behind_a_join(fix: Fix) -> object:
    """The next hop may be of any kind: a one-to-one relation from the other side."""
    books = fix(Book.objects.select_related("author").filter(author__name__lt="Author 3"))  # origin
    return [book.author.profile.text for book in books]  # trigger


@scenario(finds("Book", "author__books"), databases=True)
def many_rows_behind_a_join(fix: Fix) -> object:
    """Or a relation to many rows."""
    books = fix(Book.objects.select_related("author").order_by("pk"))  # origin
    return [[other.pk for other in book.author.books.all()] for book in books]  # trigger


@scenario(finds("Author", "books__publisher"), databases=True)
def behind_a_prefetch(fix: Fix) -> object:
    """Rows that a prefetch loaded hang on the queryset that declared it."""
    authors = fix(Author.objects.prefetch_related("books").order_by("pk"))  # origin
    return [str(book.publisher) for author in authors for book in author.books.all()]  # trigger


@scenario(finds("Author", "books__publisher__country"))
def behind_a_deep_prefetch(fix: Fix) -> object:
    """Also two hops deep."""
    authors = fix(Author.objects.prefetch_related("books__publisher").order_by("pk"))  # origin
    return [book.publisher.country.name for author in authors for book in author.books.all()]  # trigger


@scenario(finds("Author", "books__publisher"))
def behind_a_prefetch_with_a_queryset(fix: Fix) -> object:
    """A Prefetch may have a queryset of its own."""
    chosen = Prefetch("books", Book.objects.order_by("title"))
    authors = fix(Author.objects.prefetch_related(chosen).order_by("pk"))  # origin
    return [str(book.publisher) for author in authors for book in author.books.all()]  # trigger


@scenario(finds("Book", "publisher"))
def behind_a_list_of_its_own(fix: Fix) -> object:
    """No path leads through to_attr, so the queryset of the Prefetch is the one to change."""
    books = fix(Book.objects.order_by("title"))  # origin
    authors = Author.objects.prefetch_related(Prefetch("books", books, to_attr="chosen"))
    return [str(book.publisher) for author in authors for book in author.chosen]  # trigger


@scenario(finds("Author", "chosen__publisher"))
def behind_a_list_without_a_queryset() -> object:
    """Without a queryset of its own, the name that to_attr gave is a part of the path."""
    named = Prefetch("books", to_attr="chosen")
    authors = Author.objects.prefetch_related(named).order_by("pk")  # origin
    return [str(book.publisher) for author in authors for book in author.chosen]  # trigger


@scenario(finds("Publisher", "authors__books__tags"))
def behind_a_nested_prefetch(fix: Fix) -> object:
    """A prefetch in the queryset of a prefetch adds its hops."""
    inner = Prefetch("authors", Author.objects.prefetch_related("books"))
    publishers = fix(Publisher.objects.prefetch_related(inner).order_by("pk"))  # origin
    books = [book for one in publishers for author in one.authors.all() for book in author.books.all()]
    return [sorted(tag.name for tag in book.tags.all()) for book in books]  # trigger


@scenario(finds("Book", "tags", count=6))
def prefetch_by_hand_for_each_row() -> object:
    """One prefetch per row is a load per row."""
    books = Book.objects.order_by("pk")  # origin
    for book in books:
        prefetch_related_objects([book], "tags")  # trigger
    return list(books)


@scenario()
def prefetch_by_hand_for_all_rows() -> object:
    """One prefetch for all rows is what helps."""
    books = list(Book.objects.all())
    prefetch_related_objects(books, "tags", "author__country")
    return [(book.author.country.name, len(book.tags.all())) for book in books]


@scenario()
def eager_list() -> object:
    """A list that loads all it shows."""
    books = Book.objects.select_related("author__country", "publisher").prefetch_related(
        "tags", "reviews__user"
    )
    return [
        (
            book.author.country.name,
            str(book.publisher),
            len(book.tags.all()),
            [str(r.user) for r in book.reviews.all()],
        )
        for book in books
    ]


@scenario()
def values_instead_of_rows() -> object:
    """Dictionaries and tuples load nothing later."""
    names = list(Book.objects.values_list("author__name", "author__country__name"))
    return names + [tuple(row.values()) for row in Book.objects.values("title", "tags__name")]


@scenario()
def list_of_one() -> object:
    """One row is one query, by whatever queryset it came."""
    return [book.author.country.name for book in Book.objects.filter(title="Book 1")]


@scenario(finds("Book", "author", count=2))
def list_of_two(fix: Fix) -> object:
    """Two rows are the least that shows a pattern."""
    books = fix(Book.objects.order_by("pk")[:2])  # origin
    return [book.author.name for book in books]  # trigger


@scenario()
def one_row_of_a_list() -> object:
    """Of a list only one row loads more."""
    books = list(Book.objects.order_by("pk"))
    return books[3].author.country.name


@scenario()
def same_row_again() -> object:
    """What a row has loaded it keeps."""
    book = Book.objects.get(title="Book 1")
    return [book.author.name for _ in range(5)]


@scenario()
def many_rows_of_one_row() -> object:
    """All reviews of one book know their book."""
    book = Book.objects.get(title="Book 1")
    return [review.book.title for review in book.reviews.all()]
