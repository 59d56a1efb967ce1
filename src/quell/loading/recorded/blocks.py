"""Recorded plans switched on: in a block, or for the whole process."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from quell.exceptions import UsageError
from quell.lineage._patches_plans import installation
from quell.lineage.planned import chosen
from quell.loading.plan import FetchPlan
from quell.loading.recorded.entries import Recorded
from quell.loading.recorded.origins import Origin
from quell.loading.recorded.requests import follow_requests
from quell.loading.recorded.tables import PlanTable


@contextmanager
def apply_plans(plans: Mapping[Origin, FetchPlan | Recorded]) -> Iterator[None]:
    """
    Add recorded plans to the querysets of a block, as ``QUELL_PLANS`` does for the whole process.

    Inside it the plans of ``QUELL_PLANS`` rest. It follows context variables: into asyncio tasks and
    ``sync_to_async()``, not into threads that are started inside it.

    Args:
        plans: What ``record()`` gave: the ``plans`` of a recorder, or its ``needs``, which batch calls as well.

    Raises:
        UsageError: If it is no mapping of origins to plans.
    """
    table = PlanTable({origin: _read(origin, found) for origin, found in plans.items()})
    follow_requests()
    installation.acquire()
    token = chosen.set(table)
    try:
        yield
    finally:
        chosen.reset(token)
        installation.release()


def _read(origin: object, found: object) -> Recorded:
    if isinstance(origin, Origin) and isinstance(found, (FetchPlan, Recorded)):
        return Recorded(found) if isinstance(found, FetchPlan) else found
    msg = f"apply_plans() takes a mapping of origins to plans, such as record() gives, not {origin!r}: {found!r}"
    raise UsageError(msg)
