"""A process remembers the paths of statements, and says the same each time."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction

import quell
from quell.lineage._patches_ondemand import installation
from tests.scenarios.corpus import Scenario, comparable, expectation
from tests.scenarios.test_corpus import parameters

pytestmark = pytest.mark.usefixtures("library")
TIMES = 3


def _again(item: Scenario) -> list[list[tuple[str, ...]]]:
    found: list[list[tuple[str, ...]]] = []
    for _ in range(TIMES):
        with transaction.atomic("default"), transaction.atomic("other"):
            with quell.watch() as watch:
                item.run(None)
            found.append(sorted(map(comparable, watch.findings)))
            for alias in ("default", "other"):
                transaction.set_rollback(True, using=alias)
    return found


@contextmanager
def _hooked() -> Iterator[None]:
    installation.acquire()
    try:
        yield
    finally:
        installation.release()


@pytest.mark.parametrize("item", parameters(only_rolled_back=True))
def test_scenario_gives_the_same_each_time(item: Scenario) -> None:
    """Also beside the hooks of batch loading, which stay where its middleware is, and stand between the frames."""
    expected = sorted(expectation(label, item.function) for label in item.expected)

    assert _again(item) == [expected] * TIMES
    with _hooked():
        assert _again(item) == [expected] * TIMES
