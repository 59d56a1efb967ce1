"""The patches by which recorded plans reach querysets, installed while plans are applied or recorded."""

import threading

from django.db.models import Model
from django.db.models.query import QuerySet

from quell.lineage import planned
from quell.lineage._patching import MAX_ROUNDS, Patch

PLAN_PATCHES = (
    Patch(QuerySet, "__init__", planned.wrap_init),
    Patch(QuerySet, "_fetch_all", planned.wrap_fetch_all),
    Patch(QuerySet, "iterator", planned.wrap_iterator),
    Patch(QuerySet, "aiterator", planned.wrap_aiterator),
    Patch(Model, "save", planned.wrap_save),
    Patch(Model, "delete", planned.wrap_delete),
    Patch(Model, "refresh_from_db", planned.wrap_refresh),
)


class _Installation:
    """How many planners need the patches, over all threads."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.holders = 0
        self.rounds = 0
        self.is_kept = False

    def acquire(self) -> None:
        """Install the patches for one more planner."""
        with self.lock:
            if not self.holders:
                for patch in PLAN_PATCHES:
                    patch.install()
            self.holders += 1

    def release(self) -> None:
        """Take the patches off after the last planner."""
        with self.lock:
            self.holders -= 1
            if self.holders:
                return
            self.rounds += 1
            if self.rounds >= MAX_ROUNDS:
                self.is_kept = True
                self.acquire()
                return
            for patch in reversed(PLAN_PATCHES):
                patch.uninstall()


installation = _Installation()
