"""What a profile saw being used, as one plan per place that built a queryset."""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from django.db.models import Model

from quell.capture.actions import action_of
from quell.capture.freeze import true_parent
from quell.capture.scope import Scope
from quell.capture.written import Written
from quell.conf import get_settings
from quell.exceptions import UsageError
from quell.introspection.columns import Column
from quell.introspection.relations import Relation, walk
from quell.lineage.alias import FetchRecord
from quell.lineage.builders import NOBODY
from quell.lineage.usage import Load, Usage
from quell.loading.gathering import Gathered
from quell.loading.narrowing import incoming
from quell.loading.recorded.entries import Recorded
from quell.loading.recorded.origins import Origin, origin_of
from quell.loading.values import join_path

# What a call adds to a related manager, by the method that does it.
_CALLS = {
    "filter": "filter",
    "order": "order_by",
    "values": "values",
    "distinct": "distinct",
    "columns": "only",
}
# Rows of one fetch, behind the joins that lead to them.
Rows: TypeAlias = tuple[int, tuple[str, ...]]


def needs_of_rows(scope: Scope) -> dict[Origin, Recorded] | None:
    """
    Return what the rows of each origin need, ``None`` where a part is missing that may be the use.

    Args:
        scope: A closed one, that measured what was loaded.

    Cost: no query.
    """
    profile = scope.profile
    if profile is None or not profile.is_complete or scope.dropped_count:
        return None
    # Of what returns no rows, such as a count, only its statement tells.
    events = scope.events_from()
    fetches = [event.fetch for event in events if event.fetch is not None]
    seen = _Seen(profile.usages, fetches, Written(events))
    needs: dict[Origin, Recorded] = {}
    for origin, usage in seen.roots():
        found = seen.needs_of(usage)
        needs[origin] = needs[origin] | found if origin in needs else found
    return needs


class _Seen:
    """What a scope measured, by the rows that it is about."""

    def __init__(self, usages: Iterable[Usage], fetches: Iterable[FetchRecord], written: Written) -> None:
        self._written = written
        self._threshold = get_settings().lineage_threshold
        self._usages: dict[Rows, list[Usage]] = {}
        self._lazy: dict[Rows, dict[str, list[FetchRecord]]] = {}
        self._asked: dict[Rows, dict[str, list[FetchRecord]]] = {}
        self._missed: dict[Rows, set[str]] = {}
        self._records: dict[int, FetchRecord] = {}
        self._builders: dict[int, Usage] = {}
        for usage in usages:
            fetch, hops = true_parent(usage.alias)
            if fetch is not None:
                self._usages.setdefault((fetch.number, hops), []).append(usage)
            if not usage.alias.hops and usage.builder not in {None, NOBODY}:
                self._builders[usage.alias.fetch.number] = usage
        for record in (*(usage.alias.fetch for usage in usages), *fetches):
            if record.number not in self._records:
                self._records[record.number] = record
                self._note(record)

    def _note(self, record: FetchRecord) -> None:
        """Note what a fetch was loaded for, where a row asked for it."""
        if record.parent is None or not record.has_run:
            return
        parent, hops = true_parent(record.parent)
        if parent is None or not record.hops:
            return
        rows = parent.number, hops
        if record.is_deferred:
            self._missed.setdefault(rows, set()).add(record.hops[0])
        elif not record.is_prefetch:
            kept = self._lazy if _is_plain(record) else self._asked
            kept.setdefault(rows, {}).setdefault(record.hops[0], []).append(record)

    def roots(self) -> Iterator[tuple[Origin, Usage]]:
        """Yield each fetch whose queryset somebody built, and that hangs on no other one's plan."""
        for number, usage in self._builders.items():
            record = self._records[number]
            if usage.builder is None or not usage.row_count or not self._is_root(record):
                continue
            yield origin_of(usage.builder, usage.model._meta.label), usage

    def _is_root(self, record: FetchRecord) -> bool:
        if not record.has_run or record.is_raw or record.is_same_row or record.is_deferred:
            return False
        if record.query.combinator or record.query.is_locking:
            return False
        if record.call_path is not None and action_of(record.call_path).verb:
            # What a write reads.
            return False
        return record.is_prefetch or not _is_plain(record) or not self._is_loaded_by_plan(record)

    def _is_loaded_by_plan(self, record: FetchRecord) -> bool:
        """Tell whether the rows are loaded on demand for rows of a queryset that has a plan of its own."""
        while record.parent is not None and record.hops and (record.is_prefetch or _is_plain(record)):
            parent, _ = true_parent(record.parent)
            if parent is None:
                return False
            record = parent
        return record.number in self._builders and bool(self._builders[record.number].row_count)

    def needs_of(self, usage: Usage) -> Recorded:
        """Return what the rows of a queryset need."""
        found = _Found(self._written.after(usage.alias.fetch))
        self._visit([(usage.alias.fetch.number, ())], usage.model, "", found)
        return Recorded(found.plan(), tuple(sorted(found.calls)))

    def _visit(
        self,
        rows: list[Rows],
        model: type[Model],
        way: str,
        found: "_Found",
        keys: frozenset[str] = frozenset(),
    ) -> None:
        """Note what rows need; ``keys`` are columns that the plan loads anyway, as it follows them."""
        found.reach(way)
        usages = [usage for item in rows for usage in self._usages.get(item, ())]
        nexts = self._nexts(usages, rows, model, found)
        if found.is_written(model):
            # They were there while somebody wrote: they stay as whole as they are.
            found.keep_all(way)
        else:
            keys |= {field.name for field in model._meta.pk_fields}
            keys |= {column for relation, _ in nexts.values() for column in relation.hop.columns}
            self._read_columns(usages, rows, model, way, found, keys)
        self._note_calls(rows, way, found)
        for hop in sorted(nexts):
            relation, others = nexts[hop]
            path = found.add_path(way, relation)
            if relation.target is not None:
                self._visit(others, relation.target, path, found, frozenset(incoming(relation)))

    def _nexts(
        self, usages: list[Usage], rows: list[Rows], model: type[Model], found: "_Found"
    ) -> dict[str, tuple[Relation, list[Rows]]]:
        """Return the relations to load beforehand, each with the rows that it led to."""
        nexts = self._loaded(usages)
        count = sum(usage.row_count for usage in usages)
        for hop, records in self._loaded_on_demand(rows).items():
            if hop in nexts or self._is_worth(records, count, model, hop):
                nexts.setdefault(hop, []).extend((record.number, ()) for record in records)
        relations = {hop: _relation(model, hop) for hop in nexts}
        # What is loaded before a write is another thing than what is loaded behind it.
        return {
            hop: (relation, nexts[hop])
            for hop, relation in relations.items()
            if relation is not None and not found.is_changed(relation)
        }

    def _loaded(self, usages: list[Usage]) -> dict[str, list[Rows]]:
        """Return the relations that were loaded beforehand and used, each with its rows."""
        found: dict[str, list[Rows]] = {}
        for usage in usages:
            for load in usage.loads.values():
                if load.is_used and not load.to_attr and not self._is_own(load):
                    found.setdefault(load.path[-1], []).extend(_rows_of(load))
        return found

    def _loaded_on_demand(self, rows: list[Rows]) -> dict[str, list[FetchRecord]]:
        found: dict[str, list[FetchRecord]] = {}
        for item in rows:
            for hop, records in self._lazy.get(item, {}).items():
                found.setdefault(hop, []).extend(records)
        return found

    def _note_calls(self, rows: list[Rows], way: str, found: "_Found") -> None:
        """Note what many rows ask their related managers, which no plan answers."""
        asked: dict[tuple[str, str], set[object]] = {}
        for item in rows:
            for hop, records in self._asked.get(item, {}).items():
                for record in records:
                    asked.setdefault((hop, _call_of(record)), set()).add(record.owner)
        for (hop, call), owners in asked.items():
            if len(owners) >= self._threshold:
                found.calls.add(f"{join_path(way, hop)}.{call}()")

    def _read_columns(
        self,
        usages: list[Usage],
        rows: list[Rows],
        model: type[Model],
        way: str,
        found: "_Found",
        keys: frozenset[str],
    ) -> None:
        read = {name for item in rows for name in self._missed.get(item, ())}
        known: set[str] = set()
        for usage in usages:
            known |= {column.name for column in usage.columns}
            read |= {
                column.name for column in usage.columns if not _is_seen(column) or usage.is_read(column.name)
            }
        fields = model._meta.concrete_fields
        columns = {field.name for field in fields if field.attname in read}
        if known and columns | keys >= {field.name for field in fields}:
            found.keep_all(way)
            return
        for name in columns - keys:
            found.add_column(way, name)

    def _is_own(self, load: Load) -> bool:
        """Tell whether somebody gave a queryset to the prefetch: it has a plan of its own."""
        return load.by == "prefetch" and any(
            related.alias.fetch.number in self._builders for related in load.related
        )

    def _is_worth(self, records: list[FetchRecord], count: int, model: type[Model], hop: str) -> bool:
        """Tell whether loading a relation beforehand saves a statement."""
        if len({record.owner for record in records}) >= self._threshold:
            return True
        if count > 1:
            # One row of many: the others would load it in vain.
            return False
        relation = _relation(model, hop)
        if relation is not None and relation.hop.is_single:
            return True
        return any(self._has_loads((record.number, ())) for record in records)

    def _has_loads(self, rows: Rows) -> bool:
        return rows in self._lazy


class _Found(Gathered):
    """What one queryset needs, and what was written to while its rows were there."""

    def __init__(self, written: frozenset[str] | None) -> None:
        super().__init__()
        self.calls: set[str] = set()
        self._written = written

    def is_written(self, model: type[Model]) -> bool:
        """Tell whether rows of a model may have been written."""
        return self._written is None or model._meta.db_table in self._written

    def is_changed(self, relation: Relation) -> bool:
        """Tell whether what a relation holds may have changed."""
        return self._written is None or bool(_tables_of(relation) & self._written)


def _is_seen(column: Column) -> bool:
    """Tell whether reads of a column can be seen: an attribute of somebody's own tells nothing."""
    return column.owner is not None or column.key_owner is not None


def _is_plain(record: FetchRecord) -> bool:
    """Tell whether a relation was read as it is, so that rows that were loaded beforehand would do."""
    return bool(record.hops) and not record.variant and not record.method


def _call_of(record: FetchRecord) -> str:
    return record.method or next((_CALLS[name] for name in record.variant if name in _CALLS), "all")


def _rows_of(load: Load) -> list[Rows]:
    return [(usage.alias.fetch.number, usage.alias.hops) for usage in load.related]


def _relation(model: type[Model], hop: str) -> Relation | None:
    try:
        return walk(model, hop)[0]
    except UsageError:
        # A to_attr, or what a FilteredRelation is called.
        return None


def _tables_of(relation: Relation) -> set[str]:
    """Return the tables whose rows decide what a relation holds."""
    field = relation.field
    through = getattr(field, "through", None) or getattr(
        getattr(field, "remote_field", None), "through", None
    )
    models = (relation.target, through)
    return {model._meta.db_table for model in models if model is not None}
