"""Rows, and hooks in a known state."""

from collections.abc import Iterator

import pytest

from quell.lineage import _patches
from tests.library.models import Author, Country

pytest.register_assert_rewrite("tests.watching.probes")


@pytest.fixture
def authors(db: None) -> list[Author]:
    """Three authors of three countries."""
    countries = [Country.objects.create(name=f"Country {n}") for n in range(3)]
    return [Author.objects.create(name=f"Author {n}", country=country) for n, country in enumerate(countries)]


@pytest.fixture
def fresh_hooks() -> Iterator[None]:
    """Forget how many watches this process has had, so that the hooks come off again."""
    installation = _patches.installation
    was_kept, rounds = installation.is_kept, installation.rounds
    installation.rounds = 0
    if was_kept:
        installation.is_kept = False
        installation.release()
    yield
    installation.rounds = rounds
    if was_kept:
        installation.keep()
