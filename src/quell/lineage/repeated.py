"""What all evaluations of a queryset in a loop have in common."""

from functools import lru_cache

from django.db.models import Model

from quell.lineage.alias import FetchRecord
from quell.lineage.callpath import CallPath


class Repeated:
    """What the frames of one fetch told that is true of the next one from the same place. See Note [Shortcuts]."""

    __slots__ = (
        "hops", "instance_model", "is_deferred", "is_same_row", "known_fields", "method", "model", "query", "sql",
        "variant",
    )  # fmt: skip

    def __init__(self, fetch: FetchRecord) -> None:
        self.model = fetch.model
        self.instance_model = fetch.instance_model
        self.known_fields = fetch.known_fields
        self.hops = fetch.hops
        self.is_deferred = fetch.is_deferred
        self.is_same_row = fetch.is_same_row
        self.method = fetch.method
        self.query = fetch.query
        self.sql = fetch.sql
        self.variant = fetch.variant

    def tell(self, fetch: FetchRecord, path: CallPath) -> bool:
        """Fill a fetch that is running on a path; return ``False`` where its frames have to be asked."""
        if fetch.hinted is not None:
            instance = fetch.hinted()
            if type(instance) is not self.instance_model or fetch.known_fields != self.known_fields:
                return False
            if fetch.lookups or instance.__dict__.get("_prefetched_objects_cache"):
                # What the relation's queryset brings, and what the row holds, is looked at row by row.
                return False
            fetch.hinted = None
            if self.is_same_row:
                fetch.ask_again(instance)
            else:
                fetch.ask(instance)
            fetch.hops = self.hops
            fetch.variant = self.variant
            fetch.is_deferred = self.is_deferred
        elif self.instance_model is not None:
            return False
        fetch.call_path = path
        fetch.sql = self.sql
        fetch.method = self.method
        fetch.query = self.query
        fetch.has_run = True
        return True


def repeated_of(fetch: FetchRecord | None, pending: FetchRecord | None, sql: str) -> Repeated | None:
    """
    Return what the next fetch from the same place shares with this one.

    Args:
        fetch: The one that runs, if a queryset is behind the statement.
        pending: The one that began last in this thread: the only one that the next statement can be sure of.
        sql: What runs: what a fetch has loaded may be deleted, by another statement.
    """
    if fetch is None or fetch is not pending or fetch.is_prefetch:
        return None
    if fetch.is_raw or fetch.sql != sql:
        # A raw queryset begins its fetch where it is made, and others run in between.
        return None
    if fetch.instance_model is None:
        return Repeated(fetch)
    is_told = fetch.is_same_row or not _has_several_keys(fetch.instance_model, fetch.model)
    return Repeated(fetch) if fetch.is_hinted and is_told else None


@lru_cache(maxsize=2048)
def _has_several_keys(model: type[Model], other: type[Model]) -> bool:
    """Tell whether a text of SQL may be that of several relations, so that the frames have to tell which."""
    wanted = other._meta.concrete_model
    found = [
        field
        for field in model._meta.get_fields()
        if isinstance(field.related_model, type) and field.related_model._meta.concrete_model is wanted
    ]
    return len(found) > 1
