"""A process remembers the ways that statements took, and says the same each time."""

import pytest
from django.db import transaction

import quell
from tests.scenarios.corpus import Scenario, comparable, expectation
from tests.scenarios.test_corpus import parameters

pytestmark = pytest.mark.usefixtures("library")
TIMES = 4  # walked, learnt, and remembered


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


@pytest.mark.parametrize("item", parameters(only_rolled_back=True))
def test_scenario_gives_the_same_each_time(item: Scenario) -> None:
    """Also where it reads its rows anew, and where the rows of another watch are still there."""
    expected = sorted(expectation(label, item.function) for label in item.expected)

    assert _again(item) == [expected] * TIMES
