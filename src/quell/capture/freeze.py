"""Turn what a scope kept into plain, frozen records."""

from typing import Any

from django.db.models import Model

from quell.capture.actions import action_of
from quell.capture.loading import column_loads, eager_loads
from quell.capture.loops import is_in_user_loop
from quell.capture.places import form_field_of, form_widget_of, origin_of, trigger_of
from quell.capture.scope import RawEvent, Scope
from quell.events import Fetch, FetchKind, QueryEvent, Recording
from quell.exceptions import UsageError
from quell.introspection.relations import resolve_path
from quell.introspection.schema import schema
from quell.lineage.alias import FetchAlias, FetchRecord
from quell.lineage.callpath import CallPath
from quell.lineage.usage import Usage
from quell.sqltext import operation


def freeze_event(event: RawEvent) -> QueryEvent:
    """Return a statement as its public record."""
    path = event.call_path
    known = path.facts.get(("event", event.sql))
    if known is None:
        known = path.facts["event", event.sql] = _facts_of_statement(path, event.sql)
    made = QueryEvent.__new__(QueryEvent)
    made.__dict__.update(
        known,
        alias=event.alias,
        start_ms=event.start * 1000,
        duration_ms=event.seconds * 1000,
        row_count=event.row_count,
        many=event.many,
        params_hash=event.params_hash,
        value_hashes=event.value_hashes,
        fetch=event.fetch.number if event.fetch is not None else 0,
        ignored=event.ignored,
    )
    return made


def _facts_of_statement(path: CallPath, sql: str) -> dict[str, Any]:
    """Return what is the same for all statements of one text and one path."""
    action = action_of(path)
    return {
        "sql": sql,
        "operation": operation(sql),
        "trigger": trigger_of(path),
        "call_path": path.number,
        "is_in_user_loop": is_in_user_loop(path),
        "unit": path.unit,
        "verb": action.verb,
        "action": action.number,
        "action_line": action.line,
        "loop_line": action.loop,
        "is_in_while": action.is_in_while,
        "is_looped_by_library": action.is_looped_by_library,
        "is_housekeeping": action.is_housekeeping,
        "is_internal": action.is_internal,
    }


def freeze(scope: Scope) -> Recording:
    """Return everything that a scope saw until now, with the fetches that its statements hang on."""
    events = scope.events_from()
    records = records_of(scope)
    fetches = tuple(_freeze_fetch(records[number]) for number in sorted(records))
    usages = _usages_of(scope)
    return Recording(
        queries=tuple(freeze_event(event) for event in events),
        fetches=fetches,
        dropped_count=scope.dropped_count,
        breaks=tuple(scope.breaks),
        schema=schema(),
        eager_loads=eager_loads(usages),
        columns=column_loads(usages),
        effects=tuple(scope.witness.effects) if scope.witness is not None else (),
        transactions=tuple(scope.witness.transactions) if scope.witness is not None else (),
    )


def records_of(scope: Scope) -> dict[int, FetchRecord]:
    """Return the fetches of a scope, and those that their rows came from, by number."""
    records: dict[int, FetchRecord] = {}
    for event in scope.events_from():
        _gather(event.fetch, records)
    return records


def _usages_of(scope: Scope) -> tuple[Usage, ...]:
    """Return what a profile measured: nothing before the end, nor where a part is missing, as it may be the use."""
    profile = scope.profile
    if profile is None or scope.is_entered or scope.dropped_count or not profile.is_complete:
        return ()
    return tuple(profile.usages)


def _gather(record: FetchRecord | None, records: dict[int, FetchRecord]) -> None:
    while record is not None and record.number not in records:
        records[record.number] = record
        record = record.parent.fetch if record.parent is not None else None


def true_parent(alias: FetchAlias) -> tuple[FetchRecord | None, tuple[str, ...]]:
    """Return the fetch that loaded a row, and the joins to it; a reloaded row stays a row of its first fetch."""
    fetch: FetchRecord | None = alias.fetch
    hops = alias.hops
    while fetch is not None and fetch.is_same_row:
        if fetch.parent is None:
            return None, ()
        hops = (*fetch.parent.hops, *hops)
        fetch = fetch.parent.fetch
    return fetch, hops


def _freeze_fetch(record: FetchRecord) -> Fetch:
    parent, joined = true_parent(record.parent) if record.parent is not None else (None, ())
    if parent is not None and not parent.has_run:
        # The row was created, not loaded: it has no queryset that could load more.
        parent = None
    kind = _kind(record, parent)
    is_single, joins, is_attribute = _facts(record)
    made = Fetch.__new__(Fetch)
    made.__dict__.update(
        _places_of(record),
        number=record.number,
        kind=kind,
        model=record.model._meta.label,
        parent=parent.number if parent is not None and kind in {"lazy", "prefetch"} else 0,
        hops=(*joined, *record.hops),
        owner=(record.parent.fetch.number, record.owner) if record.parent is not None else record.owner,
        owner_model=record.instance_model._meta.label if record.instance_model is not None else "",
        owner_pk=record.owner_pk,
        is_single=is_single,
        can_join=joins,
        is_deferred=record.is_deferred,
        is_locking=record.query.is_locking,
        is_reloaded=_is_reloaded(record),
        was_prefetched=record.was_prefetched,
        method=record.method,
        variant=("to_attr",) if is_attribute else record.variant,
        sql=record.sql,
        combinator=record.query.combinator or "",
        is_raw=record.is_raw,
        is_bare_join=record.query.is_bare_join,
        deferred=record.query.deferred,
    )
    return made


def _places_of(record: FetchRecord) -> dict[str, Any]:
    """Return where a queryset was built and evaluated; kept per path and site."""
    path, site = record.call_path, record.site
    if path is None:
        return _find_places(record)
    place = (id(site.code), site.lasti, id(site.node)) if site is not None else None
    key = ("places", place, record.model, record.was_prefetched)
    known: tuple[object, dict[str, Any]] | None = path.facts.get(key)
    if known is None:
        facts = {
            **_find_places(record),
            "form_field": form_field_of(path),
            "form_widget": form_widget_of(path),
            "trigger": trigger_of(path),
            "call_path": path.number,
        }
        # With the site, so that the addresses in the key stay its own.
        known = path.facts[key] = site, facts
    return known[1]


def _find_places(record: FetchRecord) -> dict[str, Any]:
    origin, built_by, place = origin_of(record)
    return {"origin": origin, "built_by": built_by, "place": place}


def _is_reloaded(record: FetchRecord) -> bool:
    """Tell whether ``refresh_from_db()`` of all columns made the row forget its relations."""
    source = record.parent.fetch if record.parent is not None and not record.parent.hops else None
    return (
        source is not None and source.is_same_row and not source.is_deferred and not source.query.deferred[0]
    )


def _kind(record: FetchRecord, parent: FetchRecord | None) -> FetchKind:
    if not record.hops or (record.call_path is not None and action_of(record.call_path).verb):
        # What a row is asked as a part of a write, such as what a relation holds before set(), is no load.
        return "root"
    if parent is None:
        return "root" if record.is_prefetch else "orphan"
    return "prefetch" if record.is_prefetch else "lazy"


def _facts(record: FetchRecord) -> tuple[bool, bool, bool]:
    """Return whether the hop leads to one row, whether a join can load it, and whether it is no relation."""
    if record.is_deferred:
        return True, True, False
    if record.instance_model is None or not record.hops:
        return False, False, False
    if record.call_path is None:
        return _facts_of_hop(record.instance_model, record.hops[0])
    key = ("hop", record.instance_model, record.hops[0])
    known: tuple[bool, bool, bool] | None = record.call_path.facts.get(key)
    if known is None:
        known = record.call_path.facts[key] = _facts_of_hop(record.instance_model, record.hops[0])
    return known


def _facts_of_hop(model: type[Model], name: str) -> tuple[bool, bool, bool]:
    try:
        hop = resolve_path(model, name)[0]
    except UsageError:
        # A to_attr of a prefetch is no relation; its rows were loaded together.
        return False, False, True
    return hop.is_single, hop.can_join, False
