"""Relations that lead to many rows, and what is asked of their managers."""

from tests.library.models import (
    Archive,
    Author,
    Book,
    Category,
    Draft,
    Language,
    Member,
    Novel,
    Printer,
    Publisher,
    Restaurant,
    Tag,
)
from tests.scenarios.corpus import Fix, finds, scenario


@scenario(finds("Author", "books", count=4), databases=True)
def reverse_foreign_key(fix: Fix) -> object:
    """Each author loads its books."""
    authors = fix(Author.objects.order_by("pk"))  # origin
    return [[book.pk for book in author.books.all()] for author in authors]  # trigger


@scenario(finds("Author", "edited_books"))
def reverse_of_the_second_key(fix: Fix) -> object:
    """Two keys lead to one model, and each has a manager of its own."""
    authors = fix(Author.objects.order_by("pk"))  # origin
    return [[book.pk for book in author.edited_books.all()] for author in authors]  # trigger


@scenario(finds("Category", "children"))
def children_in_a_tree(fix: Fix) -> object:
    """Each node loads its children; the leaves ask as well."""
    nodes = fix(Category.objects.order_by("pk"))  # origin
    return [[child.pk for child in node.children.all()] for node in nodes]  # trigger


@scenario(finds("Language", "books"))
def reverse_of_a_text_key(fix: Fix) -> object:
    """A primary key may be a text, seen from the other side."""
    languages = fix(Language.objects.order_by("pk"))  # origin
    return [[book.pk for book in language.books.all()] for language in languages]  # trigger


@scenario(finds("Printer", "editions"))
def reverse_of_a_key_by_another_column(fix: Fix) -> object:
    """A key may lead to another column, seen from the other side."""
    printers = fix(Printer.objects.order_by("pk"))  # origin
    return [sorted(edition.book_id for edition in printer.editions.all()) for printer in printers]  # trigger


@scenario(finds("Member", "loans"), databases=True)
def reverse_to_a_composite_key(fix: Fix) -> object:
    """The rows behind may have a primary key of two columns."""
    members = fix(Member.objects.order_by("pk"))  # origin
    return [sorted(loan.pk for loan in member.loans.all()) for member in members]  # trigger


@scenario(finds("Book", "tags", count=6), databases=True)
def many_to_many(fix: Fix) -> object:
    """Each book loads its tags."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return [sorted(str(row) for row in book.tags.all()) for book in books]  # trigger


@scenario(finds("Tag", "books", count=3), databases=True)
def many_to_many_from_the_other_side(fix: Fix) -> object:
    """Each tag loads its books."""
    tags = fix(Tag.objects.order_by("pk"))  # origin
    return [sorted(book.pk for book in tag.books.all()) for tag in tags]  # trigger


@scenario(finds("Member", "follows"))
def following(fix: Fix) -> object:
    """In a relation of a model to itself, the two directions are two relations."""
    members = fix(Member.objects.order_by("pk"))  # origin
    return [[str(row) for row in member.follows.all()] for member in members]  # trigger


@scenario(finds("Member", "followers"))
def followers(fix: Fix) -> object:
    """The other direction is the other relation."""
    members = fix(Member.objects.order_by("pk"))  # origin
    return [[str(row) for row in member.followers.all()] for member in members]  # trigger


@scenario(finds("Book", "notes", count=6), databases=True)
def generic_relation(fix: Fix) -> object:
    """Each book loads the notes on it."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return [[str(row) for row in book.notes.all()] for book in books]  # trigger


@scenario(finds("Book", "drafts"))
def manager_that_hides_rows(fix: Fix) -> object:
    """The condition of a default manager is no filter of the loop."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return [[str(row) for row in book.drafts.all()] for book in books]  # trigger


@scenario(finds("Author", "archives"))
def manager_that_makes_its_querysets(fix: Fix) -> object:
    """A manager may make its own querysets."""
    authors = fix(Author.objects.order_by("pk"))  # origin
    return [[str(row) for row in author.archives.all()] for author in authors]  # trigger


@scenario(finds("Archive", "author"))
def root_of_a_manager_that_makes_its_querysets(fix: Fix) -> object:
    """The queryset of such a manager is a root like any other."""
    archives = fix(Archive.objects.order_by("pk"))  # origin
    return [archive.author.name for archive in archives]  # trigger


@scenario(finds("Draft", "book"))
def root_of_a_manager_that_hides_rows(fix: Fix) -> object:
    """The manager's own line is not the one to change."""
    drafts = fix(Draft.objects.order_by("pk"))  # origin
    return [draft.book.pk for draft in drafts]  # trigger


@scenario(finds("Novel", "reviews"))
def reverse_from_a_proxy(fix: Fix) -> object:
    """A proxy has the managers of its model."""
    novels = fix(Novel.objects.order_by("pk"))  # origin
    return [[review.stars for review in novel.reviews.all()] for novel in novels]  # trigger


@scenario(finds("Author", "restaurants"))
def reverse_to_a_child_table(fix: Fix) -> object:
    """The rows behind may be of two tables."""
    authors = fix(Author.objects.order_by("pk"))  # origin
    return [[str(row) for row in author.restaurants.all()] for author in authors]  # trigger


@scenario(finds("Restaurant", "host__books"))
def many_rows_behind_one(fix: Fix) -> object:
    """A path may lead over one row to many."""
    restaurants = fix(Restaurant.objects.order_by("pk"))  # origin
    return [[book.pk for book in place.host.books.all()] for place in restaurants]  # trigger


@scenario(finds("Publisher", "books__reviews", trigger="inner"), finds("Publisher", "books", trigger="outer"))
def nested_lists(fix: Fix) -> object:
    """A list in a list: both levels are found, from the outermost queryset."""
    stars = []
    for publisher in fix(Publisher.objects.order_by("pk")):  # origin
        for book in publisher.books.all():  # outer
            stars += [review.stars for review in book.reviews.all()]  # inner
    return stars


@scenario(finds("Author", "books", count=4), databases=True)
def count_of_a_relation(fix: Fix) -> object:
    """The plan is an annotation, which the code reads instead."""
    authors = fix(Author.objects.order_by("pk"))  # origin
    return [author.books_count if fix.is_applied else author.books.count() for author in authors]  # trigger


@scenario(finds("Author", "books", count=4), databases=True)
def existence_of_a_relation(fix: Fix) -> object:
    """The plan is an annotation here, too."""
    authors = fix(Author.objects.order_by("pk"))  # origin
    return [author.has_books if fix.is_applied else author.books.exists() for author in authors]  # trigger


@scenario(finds("Book", "tags", count=6))
def count_of_many_to_many(fix: Fix) -> object:
    """A count reads the table between."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return [book.tags_count if fix.is_applied else book.tags.count() for book in books]  # trigger


@scenario(finds("Book", "notes", count=6))
def count_of_a_generic_relation(fix: Fix) -> object:
    """A count by content type."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return [book.notes_count if fix.is_applied else book.notes.count() for book in books]  # trigger


@scenario(finds("Book", "drafts", count=6))
def count_through_a_manager_that_hides_rows(fix: Fix) -> object:
    """Hidden rows are not counted, before and after."""
    books = fix(Book.objects.order_by("pk"))  # origin
    return [book.drafts_count if fix.is_applied else book.drafts.count() for book in books]  # trigger


@scenario(finds("Author", "books"))
def length_of_a_relation(fix: Fix) -> object:
    """len() loads the rows."""
    authors = fix(Author.objects.order_by("pk"))  # origin
    return [len(author.books.all()) for author in authors]  # trigger


@scenario(finds("Author", "books"))
def truth_of_a_relation(fix: Fix) -> object:
    """So does a test for truth."""
    authors = fix(Author.objects.order_by("pk"))  # origin
    return [bool(author.books.all()) for author in authors]  # trigger
