"""Tags of the library's templates."""

from django import template

from tests.library.models import Book

register = template.Library()


@register.simple_tag
def author_of(book: Book) -> str:
    """Return who wrote a book."""
    return book.author.name  # tag


@register.filter
def publisher_of(book: Book) -> str:
    """Return who published a book."""
    return str(book.publisher)  # filter


@register.inclusion_tag("library/_byline.html")
def byline(book: Book) -> dict[str, object]:
    """Show who wrote a book."""
    return {"book": book}
