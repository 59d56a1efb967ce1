"""A process remembers the paths of statements, and says the same each time."""

from collections.abc import Iterator

import pytest
from django.db import DEFAULT_DB_ALIAS, connections, transaction

import quell
from quell.lineage._patches_ondemand import installation
from tests.scenarios.corpus import Scenario, comparable, expectation
from tests.scenarios.test_corpus import parameters

pytestmark = pytest.mark.usefixtures("library")
# Learnt the second time, met by a cursor that logs the third time, recalled the fourth time.
TURNS = 4


@pytest.fixture(scope="module")
def hooks_of_batch_loading() -> Iterator[None]:
    """Install the hooks once for all scenarios, as the middleware of batch loading does for a process."""
    installation.acquire()
    yield
    installation.release()


def _findings(item: Scenario) -> list[tuple[str, ...]]:
    with transaction.atomic("default"), transaction.atomic("other"):
        with quell.watch() as watch:
            item.run(None)
        for alias in ("default", "other"):
            transaction.set_rollback(True, using=alias)
    return sorted(map(comparable, watch.findings))


def _expected(item: Scenario) -> list[tuple[str, ...]]:
    return sorted(expectation(label, item.function) for label in item.expected)


@pytest.mark.parametrize("item", parameters(only_rolled_back=True))
def test_scenario_gives_the_same_each_time(
    item: Scenario, recalled: list[tuple[object, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path that is recalled is the one that the frames tell, whatever came and went in between."""
    found = []
    for turn in range(TURNS):
        monkeypatch.setattr(connections[DEFAULT_DB_ALIAS], "force_debug_cursor", turn == TURNS - 2)
        found.append(_findings(item))

    assert found == [_expected(item)] * TURNS
    for path, frames in recalled:
        assert path == frames


@pytest.mark.usefixtures("hooks_of_batch_loading")
@pytest.mark.parametrize("item", parameters(only_rolled_back=True))
def test_hooks_of_batch_loading_change_no_finding(
    item: Scenario, recalled: list[tuple[object, object]]
) -> None:
    """They stand between the frames of the ORM."""
    assert _findings(item) == _expected(item)
    for path, frames in recalled:
        assert path == frames
