"""Rows of the library."""

import pytest

from tests.scenarios.world import populate


@pytest.fixture
def library(db: None) -> None:
    """Fill the library."""
    populate()
