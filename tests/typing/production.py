"""Types of what production uses, as users see them; checked by mypy, never run."""

from typing import assert_type

from django.dispatch import Signal

from quell.contrib.opentelemetry import instrument, uninstrument
from quell.production.counting import Counts, counts
from quell.production.storing import dropped_count, flush
from quell.signals import findings_reported
from quell.store.findings import FindingTrend, StoredFinding
from quell.store.folding import Backend, Batch
from quell.store.totals import Facts, Total

assert_type(counts(), Counts)
assert_type(counts().skipped, int)
assert_type(flush(), bool)
assert_type(flush(2.0), bool)
assert_type(dropped_count(), int)
assert_type(findings_reported, Signal)
assert_type(instrument(), None)
assert_type(uninstrument(), None)
assert_type(StoredFinding.objects.get().request_count, int)
assert_type(FindingTrend.objects.get().finding, StoredFinding)


class OwnStore:
    """A store of a project."""

    def fold(self, batch: Batch) -> None:
        """Keep the numbers of a batch."""
        assert_type(batch.number, str)
        for total in batch.totals:
            assert_type(total, Total)
            assert_type(total.facts, Facts)


own: Backend = OwnStore()
