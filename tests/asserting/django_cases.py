"""A test case that Django's own runner runs; the names of its tests say how they end."""

from django.test import TestCase

from quell.testing import QuellAssertions
from tests.library.models import Author, Country


class Cases(QuellAssertions, TestCase):
    """The assertions below ``manage.py test``."""

    @classmethod
    def setUpTestData(cls) -> None:
        """Three authors from three countries."""
        for number in range(3):
            country = Country.objects.create(name=f"Country {number}")
            Author.objects.create(name=f"Author {number}", country=country)

    def test_passes(self) -> None:
        """Enough queries, and none needless."""
        with self.assert_max_queries(1), self.assert_no_findings():
            assert Author.objects.count() == 3

    def test_fails(self) -> None:
        """A needless query per author."""
        with self.assert_no_findings():
            assert len([author.country.name for author in Author.objects.all()]) == 3
