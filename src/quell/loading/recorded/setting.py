"""The plans of ``QUELL_PLANS``, for the whole process."""

import logging
from pathlib import Path

from django.conf import settings as django_settings

from quell.conf import get_settings
from quell.exceptions import UsageError
from quell.lineage._patches_ondemand import installation as batching
from quell.lineage._patches_plans import installation
from quell.lineage.planned import process
from quell.loading.recorded.files import PlanFile, read_plans
from quell.loading.recorded.requests import follow_requests
from quell.loading.recorded.tables import PlanTable

logger = logging.getLogger("quell")


def plans_file() -> Path | None:
    """Return the file that ``QUELL_PLANS`` names, from ``BASE_DIR``; ``None`` where the setting is empty."""
    named = get_settings().plans
    return Path(getattr(django_settings, "BASE_DIR", ""), named) if named else None


def read_setting() -> PlanFile | None:
    """
    Read the file that ``QUELL_PLANS`` names, ``None`` where the setting is empty.

    Raises:
        UsageError: If the file cannot be read.
    """
    file = plans_file()
    return read_plans(file) if file is not None else None


def apply_setting() -> None:
    """Add the plans of ``QUELL_PLANS`` from now on; a file that cannot be read is one line in the log."""
    try:
        plans = read_setting()
    except UsageError as error:
        # A system check reports it, too; the application runs without plans.
        logger.error("%s No plan is applied.", error)
        plans = None
    table = PlanTable(plans.recorded) if plans is not None else None
    was_on, process.planner = process.planner is not None, table
    if table is not None and not was_on:
        follow_requests()
        installation.acquire()
    elif table is None and was_on:
        installation.release()
    _held.hold(is_wanted=plans is not None and any(found.calls for found in plans.recorded.values()))


class _Held:
    """Whether the process holds the hooks of batching, so that they need not come and go with each queryset."""

    is_on = False

    def hold(self, *, is_wanted: bool) -> None:
        """Hold them or let them go."""
        if is_wanted != self.is_on:
            (batching.acquire if is_wanted else batching.release)()
            self.is_on = is_wanted


_held = _Held()
