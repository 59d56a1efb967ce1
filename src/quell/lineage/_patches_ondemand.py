"""The patches that see on-demand loads, installed while loads are batched or forbidden."""

import sys

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models.fields.related_descriptors import ForwardManyToOneDescriptor, ReverseOneToOneDescriptor
from django.db.models.fields.related_lookups import RelatedLookupMixin
from django.db.models.query import ModelIterable, QuerySet, RawQuerySet
from django.db.models.query_utils import DeferredAttribute
from django.db.models.sql.compiler import SQLCompiler

from quell.lineage import _patches, ondemand
from quell.lineage._patching import Installation, Patch

ONDEMAND_PATCHES = (
    Patch(SQLCompiler, "execute_sql", ondemand.wrap_execute),
    Patch(QuerySet, "_fetch_all", ondemand.wrap_fetch_all),
    Patch(RawQuerySet, "_fetch_all", ondemand.wrap_fetch_all),
    Patch(ModelIterable, "__iter__", ondemand.wrap_chunks),
    Patch(ForwardManyToOneDescriptor, "get_queryset", ondemand.wrap_to_one),
    Patch(ReverseOneToOneDescriptor, "get_queryset", ondemand.wrap_to_one),
    Patch(RelatedLookupMixin, "get_prep_lookup", ondemand.wrap_related_value),
    Patch(DeferredAttribute, "_check_parent_chain", ondemand.wrap_check_parent_chain),
    Patch(CursorWrapper, "_execute_with_wrappers", ondemand.wrap_statement),
    # Where a transaction begins or ends, its view of the rows does, too; rollbacks are seen as breaks.
    Patch(BaseDatabaseWrapper, "commit", ondemand.wrap_change),
    Patch(BaseDatabaseWrapper, "set_autocommit", ondemand.wrap_change),
)


def generic_patches() -> tuple[Patch, ...]:
    """Return the patches of a project that has content types."""
    from django.contrib.contenttypes.fields import ReverseGenericManyToOneDescriptor
    from django.contrib.contenttypes.models import ContentType

    return (
        Patch(ReverseGenericManyToOneDescriptor, "__get__", ondemand.hint_generic_manager, is_addition=True),
        Patch(ContentType, "get_object_for_this_type", ondemand.wrap_get_object_for_this_type),
    )


class _Installation(Installation):
    """How many scopes need the patches, over all threads; each needs the hooks as well."""

    def __init__(self) -> None:
        super().__init__()
        self._patches: tuple[Patch, ...] = ()

    def acquire(self) -> None:
        """Install the patches for one more scope."""
        with self.lock:
            _patches.installation.acquire()
            super().acquire()

    def release(self) -> None:
        """Take the patches off after the last scope."""
        with self.lock:
            super().release()
            _patches.installation.release()

    def _install(self) -> None:
        generic = generic_patches() if "django.contrib.contenttypes.models" in sys.modules else ()
        self._patches = (*ONDEMAND_PATCHES, *generic)
        for patch in self._patches:
            patch.install()

    def _uninstall(self) -> None:
        for patch in reversed(self._patches):
            patch.uninstall()


installation = _Installation()
