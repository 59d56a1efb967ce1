"""The library, and hooks that are off again after each test."""

from collections.abc import Iterator

import pytest

from quell.lineage import _patches_ondemand, _patches_plans
from tests.ondemand.conftest import library, taken_off

__all__ = ["library", "taken_off"]


@pytest.fixture(autouse=True)
def plans_taken_off() -> Iterator[None]:
    """Make sure that no test leaves the hooks of recorded plans behind."""
    yield
    installation = _patches_plans.installation
    installation.rounds = 0
    if installation.is_kept:
        # This process has had many blocks.
        installation.is_kept = False
        installation.release()
    assert _patches_plans.installation.holders == 0
    assert _patches_ondemand.installation.holders == 0
