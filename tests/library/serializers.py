"""Serializers of the library."""

from typing import Any

from rest_framework import serializers

from tests.library.models import Author, Book, Country, Review


class CountrySerializer(serializers.ModelSerializer[Country]):
    """A country."""

    class Meta:
        model = Country
        fields = ("name",)


class AuthorSerializer(serializers.ModelSerializer[Author]):  # AuthorSerializer
    """An author with their country."""

    country = CountrySerializer()

    class Meta:
        model = Author
        fields = ("name", "country")


class BookSerializer(serializers.ModelSerializer[Book]):  # BookSerializer
    """A book with its author."""

    author = AuthorSerializer()

    class Meta:
        model = Book
        fields = ("title", "author")


class TaggedSerializer(serializers.ModelSerializer[Book]):  # TaggedSerializer
    """A book with the keys of its tags."""

    class Meta:
        model = Book
        fields = ("title", "tags")


class ReviewSerializer(serializers.ModelSerializer[Review]):  # ReviewSerializer
    """A review with a name three rows away."""

    country = serializers.CharField(source="book.author.country.name")

    class Meta:
        model = Review
        fields = ("stars", "country")


class MethodSerializer(serializers.ModelSerializer[Book]):
    """A book with what a method says of it."""

    publisher_name = serializers.SerializerMethodField()

    class Meta:
        model = Book
        fields = ("title", "publisher_name")

    def get_publisher_name(self, book: Any) -> str:
        """Return a name that takes another row."""
        return str(book.publisher)  # method field


class SlugSerializer(serializers.ModelSerializer[Book]):  # SlugSerializer
    """A book with the names of its tags, and as a text."""

    tags: Any = serializers.SlugRelatedField(many=True, slug_field="name", read_only=True)
    publisher: Any = serializers.StringRelatedField()

    class Meta:
        model = Book
        fields = ("title", "tags", "publisher")
