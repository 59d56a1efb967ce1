"""A process remembers the paths of statements, and says the same each time."""

from collections.abc import Iterator

import pytest
from django.db import transaction

import quell
from quell.lineage._patches_ondemand import installation
from tests.scenarios.corpus import Scenario, comparable, expectation
from tests.scenarios.test_corpus import parameters

pytestmark = pytest.mark.usefixtures("library")
TIMES = 3


@pytest.fixture(scope="module", params=[False, True], ids=["alone", "beside batch loading"])
def hooks_of_batch_loading(request: pytest.FixtureRequest) -> Iterator[None]:
    """Install the hooks once for all scenarios, as the middleware of batch loading does for a process."""
    if request.param:
        installation.acquire()
    yield
    if request.param:
        installation.release()


@pytest.mark.usefixtures("hooks_of_batch_loading")
@pytest.mark.parametrize("item", parameters(only_rolled_back=True))
def test_scenario_gives_the_same_each_time(item: Scenario) -> None:
    """Also beside the hooks of batch loading, which stand between the frames of the ORM."""
    expected = sorted(expectation(label, item.function) for label in item.expected)
    found = []
    for _ in range(TIMES):
        with transaction.atomic("default"), transaction.atomic("other"):
            with quell.watch() as watch:
                item.run(None)
            found.append(sorted(map(comparable, watch.findings)))
            for alias in ("default", "other"):
                transaction.set_rollback(True, using=alias)

    assert found == [expected] * TIMES
