"""What ``quell profile`` does with a page proves the plans of the corpus."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction

import quell
from quell.advice.comparison import Output
from quell.advice.injection import boundary
from quell.findings import Finding
from quell.management.profiling.isolation import Aliases
from quell.management.profiling.pages import WRITES
from quell.management.profiling.running import PageProfiler
from quell.management.profiling.visiting import Visit, Visitor
from quell.proving import own_plan
from tests.scenarios.corpus import Scenario
from tests.scenarios.test_corpus import parameters
from tests.scenarios.test_suggestions import NO_RERUN, run

pytestmark = pytest.mark.usefixtures("library")

# A prefetch for rows that a loop gets one by one runs once per row, too.
_NO_GAIN = "scenes_paths-rows_of_get_or_create"


class Caller(Visitor):
    """Visits a scenario as a page is visited, and undoes what it wrote."""

    def __init__(self, item: Scenario) -> None:
        super().__init__(Aliases())
        self._item = item

    @contextmanager
    def together(self) -> Iterator[Callable[[str], Visit]]:
        """Undo the first visit as well: a scenario makes its own rows each time."""
        yield self.visit

    @boundary
    def visit(self, path: str) -> Visit:
        """Run the scenario; its result is the page."""
        if self._item.transactional:
            return self._answer()
        with transaction.atomic():
            visit = self._answer()
            transaction.set_rollback(True)
        return visit

    def _answer(self) -> Visit:
        result = self._item.run()
        body = result if isinstance(result, bytes) else repr(result).encode()
        return Visit(Output(200, body=body))


@pytest.mark.parametrize("item", parameters(only_positive=True))
def test_plan_is_proven(item: Scenario) -> None:
    """A profile proves every plan where it may run the code again, numbers and choices with batched answers."""
    with quell.watch() as watch:
        run(item)
    planned = [finding for finding in watch.findings if finding.plan is not None]
    if not planned or item.name in NO_RERUN:
        pytest.skip(NO_RERUN.get(item.name, "only other code helps"))

    page = PageProfiler(Caller(item)).profile(item.name)
    proofs = {(finding.path, finding.trigger): finding.proof for finding in page.findings}

    for finding in planned:
        proof = proofs[finding.path, finding.trigger]
        assert proof is not None
        if item.name == _NO_GAIN:
            assert proof.reason.startswith("no fewer queries")
            continue
        assert proof.verdict == "proven" or proof.reason == WRITES, proof.reason
        assert proof.reason == WRITES or bool(proof.reason) == _is_rewrite(finding)


def _is_rewrite(finding: Finding) -> bool:
    """Tell whether the loop has to read what the plan adds."""
    plan = own_plan(finding).plan
    return plan is not None and bool(plan.counts or plan.exists or plan.filters)
