"""Rows for the work of workers, and what was told about it."""

from collections.abc import Iterator
from typing import Any

import pytest

from quell.signals import findings_reported
from tests.library.models import Author, Country


@pytest.fixture
def rows(transactional_db: None) -> None:
    """Three authors from three countries."""
    for number in range(3):
        country = Country.objects.create(name=f"Country {number}")
        Author.objects.create(name=f"Author {number}", country=country)


@pytest.fixture
def told() -> Iterator[list[tuple[str, list[str]]]]:
    """The labels and codes that the signal told in a test."""
    found: list[tuple[str, list[str]]] = []

    def receive(*, label: str, findings: Any, **_: object) -> None:
        found.append((label, [finding.code for finding in findings]))

    findings_reported.connect(receive)
    yield found
    findings_reported.disconnect(receive)
