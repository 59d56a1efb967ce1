"""The patches by which recorded plans reach querysets, installed while plans are applied or recorded."""

from django.db.models import Model
from django.db.models.query import QuerySet

from quell.lineage import planned
from quell.lineage._patching import Installation, Patch

PLAN_PATCHES = (
    Patch(QuerySet, "__init__", planned.wrap_init),
    Patch(QuerySet, "_fetch_all", planned.wrap_fetch_all),
    Patch(QuerySet, "iterator", planned.wrap_iterator),
    Patch(QuerySet, "aiterator", planned.wrap_aiterator),
    Patch(Model, "save", planned.wrap_save),
    Patch(Model, "delete", planned.wrap_delete),
    Patch(Model, "refresh_from_db", planned.wrap_refresh),
)


class _Installation(Installation):
    """How many planners need the patches, over all threads."""

    def _install(self) -> None:
        for patch in PLAN_PATCHES:
            patch.install()

    def _uninstall(self) -> None:
        for patch in reversed(PLAN_PATCHES):
            patch.uninstall()


installation = _Installation()
