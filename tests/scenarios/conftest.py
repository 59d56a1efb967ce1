"""Rows for the scenarios, and routes that lead to the library's views."""

from collections.abc import Iterator

import pytest
from django.test import override_settings

from tests.scenarios.world import populate


@pytest.fixture
def library(db: None) -> Iterator[None]:
    """Fill the library."""
    populate()
    with override_settings(ROOT_URLCONF="tests.library.urls"):
        yield
