"""What a project does all day."""

from tests.library.models import Author, Book


def everyday() -> None:
    """Load, join, prefetch, load on demand, count, write."""
    for book in Book.objects.select_related("author").prefetch_related("tags").order_by("pk")[:10]:
        book.author.country  # noqa: B018 -- loaded on demand
        list(book.tags.all())
        book.reviews.count()
    author = Author.objects.defer("name").earliest("pk")
    author.save()
    list(author.books.values_list("pk", flat=True).iterator())
    list(Book.objects.raw("SELECT * FROM library_book LIMIT 2"))
    Book.objects.filter(pk=0).update(title=author.name)
