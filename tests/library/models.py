"""A library: every kind of relation and key that Django has, each at least once."""

import uuid

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.functional import cached_property

from tests.library.managers import ArchiveManager, BookQuerySet, LiveManager


class Country(models.Model):
    """A country."""

    name = models.CharField(max_length=50)

    def __str__(self) -> str:
        return self.name


class Publisher(models.Model):
    """A publisher."""

    name = models.CharField(max_length=50)
    country = models.ForeignKey(Country, models.CASCADE, related_name="publishers")

    def __str__(self) -> str:
        return self.name


class Author(models.Model):
    """An author; some have no publisher, some have no profile."""

    name = models.CharField(max_length=50)
    country = models.ForeignKey(Country, models.CASCADE, related_name="authors")
    publisher = models.ForeignKey(Publisher, models.CASCADE, null=True, related_name="authors")

    def __str__(self) -> str:
        return self.name

    @property
    def country_name(self) -> str:
        """Return a name that takes a second row."""
        return self.country.name  # country_name

    @cached_property
    def titles(self) -> list[str]:
        """Return the titles of this author's books."""
        return sorted(book.title for book in self.books.all())  # titles


class Profile(models.Model):
    """What an author tells of themselves."""

    author = models.OneToOneField(Author, models.CASCADE, related_name="profile")
    text = models.CharField(max_length=50)

    def __str__(self) -> str:
        return self.text


class Tag(models.Model):
    """A subject."""

    name = models.CharField(max_length=50)

    def __str__(self) -> str:
        return self.name

    @property
    def books_count(self) -> int:
        """Return how many books are on it."""
        return self.books.count()  # books_count


class Language(models.Model):
    """A language; its code is the primary key."""

    code = models.CharField(max_length=5, primary_key=True)
    name = models.CharField(max_length=50)

    def __str__(self) -> str:
        return self.name


class Note(models.Model):
    """A remark on anything."""

    text = models.CharField(max_length=50)
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveBigIntegerField()
    content_object = GenericForeignKey()

    def __str__(self) -> str:
        return self.text


class Book(models.Model):
    """A book; two of its keys lead to authors."""

    title = models.CharField(max_length=50)
    text = models.TextField()
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")
    editor = models.ForeignKey(Author, models.CASCADE, null=True, related_name="edited_books")
    publisher = models.ForeignKey(Publisher, models.CASCADE, null=True, related_name="books")
    language = models.ForeignKey(Language, models.CASCADE, null=True, related_name="books")
    tags = models.ManyToManyField(Tag, related_name="books")
    notes = GenericRelation(Note)

    objects = BookQuerySet.as_manager()

    def __str__(self) -> str:
        return self.title

    @property
    def namesake(self) -> "Tag | None":
        """Return the tag that is named like the book."""
        return Tag.objects.filter(name=self.title).first()  # namesake

    @property
    def byline(self) -> str:
        """Return the title with its author, which takes another row."""
        return f"{self.title} by {self.author.name}"  # byline


class Novel(Book):
    """A book by another name."""

    class Meta:
        proxy = True


class Review(models.Model):
    """What somebody thinks of a book."""

    book = models.ForeignKey(Book, models.CASCADE, related_name="reviews")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="reviews")
    stars = models.IntegerField()

    def __str__(self) -> str:
        return str(self.stars)


class Printer(models.Model):
    """A printing house, known by its slug."""

    slug = models.SlugField(unique=True)

    def __str__(self) -> str:
        return self.slug


class Edition(models.Model):
    """An edition; its primary key is a UUID, and its printer is found by slug."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    book = models.ForeignKey(Book, models.CASCADE, related_name="editions")
    printer = models.ForeignKey(Printer, models.CASCADE, to_field="slug", related_name="editions")

    def __str__(self) -> str:
        return str(self.id)


class Copy(models.Model):
    """A copy of an edition."""

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="copies")
    shelf = models.CharField(max_length=50)

    def __str__(self) -> str:
        return self.shelf


class Member(models.Model):
    """A reader; following is one-way."""

    name = models.CharField(max_length=50)
    follows = models.ManyToManyField("self", symmetrical=False, related_name="followers")

    def __str__(self) -> str:
        return self.name


class Loan(models.Model):
    """A loan, known by its member and a number."""

    pk = models.CompositePrimaryKey("member_id", "number")
    member = models.ForeignKey(Member, models.CASCADE, related_name="loans")
    number = models.IntegerField()
    book = models.ForeignKey(Book, models.CASCADE, related_name="loans")

    def __str__(self) -> str:
        return f"{self.number}: {self.book.title}"  # loan text


class Category(models.Model):
    """A node of a tree."""

    name = models.CharField(max_length=50)
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")

    def __str__(self) -> str:
        return self.name


class Place(models.Model):
    """A place; a restaurant is one."""

    name = models.CharField(max_length=50)
    country = models.ForeignKey(Country, models.CASCADE, related_name="places")

    def __str__(self) -> str:
        return self.name


class Restaurant(Place):
    """A place to meet an author."""

    host = models.ForeignKey(Author, models.CASCADE, related_name="restaurants")


class Draft(models.Model):
    """A text that is hidden rather than deleted."""

    book = models.ForeignKey(Book, models.CASCADE, related_name="drafts")
    is_deleted = models.BooleanField(default=False)

    objects = LiveManager()

    def __str__(self) -> str:
        return f"Draft {self.pk}"


class Archive(models.Model):
    """Papers of an author; the manager makes its own querysets."""

    author = models.ForeignKey(Author, models.CASCADE, related_name="archives")
    label = models.CharField(max_length=50)

    objects = ArchiveManager()

    def __str__(self) -> str:
        return self.label
