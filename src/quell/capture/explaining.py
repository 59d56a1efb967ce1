"""What the frames of a running statement tell about its fetch: who asked for it, and for which relation."""

from typing import Any

from django.db.models.sql.query import Query

from quell.introspection.managers import cache_name, condition_count, own_lookups, relation_name, variant_of
from quell.lineage.accesses import Access
from quell.lineage.alias import NO_FACTS, FetchRecord, QueryFacts
from quell.lineage.callpath import CallPath


def explain(fetch: FetchRecord, access: Access, path: CallPath, sql: str) -> None:
    """Fill in what only the frames of the running statement tell."""
    fetch.has_run = True
    fetch.call_path = path
    fetch.sql = sql
    fetch.method = access.method
    facts = path.facts.get(sql)
    if facts is None:
        facts = path.facts[sql] = _facts_of(getattr(access.compiler, "query", None))
    fetch.query = facts
    # Whoever asked is waiting for this statement, so that the instance is still there.
    hinted = fetch.hinted() if fetch.hinted is not None else None
    fetch.hinted = None
    is_told_by_site = fetch.site is not None and fetch.site.instance is not None
    if fetch.site is not None and is_told_by_site:
        fetch.site = fetch.site.without_instance()
    if access.peers is not None:
        _explain_prefetch(fetch, access)
    elif access.loader:
        fetch.is_deferred = access.loader == "deferred"
        (fetch.ask_again if fetch.is_deferred else fetch.ask)(access.instance)
        fetch.hops = (access.field_name,)
        fetch.is_hinted = hinted is access.instance
        fetch.method = ""
    elif access.is_refresh:
        fetch.ask_again(access.instance)
        fetch.is_hinted = hinted is access.instance
    elif hinted is not None:
        fetch.ask(hinted)
        has_lookups = bool(fetch.lookups)
        _explain_manager(fetch, access, path, sql)
        fetch.is_hinted = bool(fetch.hops) and not (has_lookups or is_told_by_site)
        cache = hinted.__dict__.get("_prefetched_objects_cache")
        if cache and fetch.hops and fetch.instance_model is not None:
            fetch.was_prefetched = cache_name(fetch.instance_model, fetch.hops[0]) in cache


def _facts_of(query: Any) -> QueryFacts:
    if not isinstance(query, Query):
        return NO_FACTS
    names, is_deferring = query.deferred_loading
    is_special = names or query.combinator or query.select_related is True or query.select_for_update
    if is_deferring and not is_special:
        # As nearly all are.
        return NO_FACTS
    return QueryFacts(
        combinator=query.combinator,
        is_bare_join=query.select_related is True,
        is_locking=query.select_for_update,
        deferred=(frozenset(names), is_deferring),
    )


def _explain_prefetch(fetch: FetchRecord, access: Access) -> None:
    instances = access.peers
    fetch.ask(instances[0])
    fetch.hops = access.level
    # Called by hand for one instance, it is a lazy load in disguise.
    fetch.is_prefetch = access.is_declared or len(instances) > 1
    fetch.method = ""


def _explain_manager(fetch: FetchRecord, access: Access, path: CallPath, sql: str) -> None:
    query = getattr(access.compiler, "query", None)
    if query is None or fetch.instance_model is None:
        fetch.parent = None
        return
    key = (sql, fetch.instance_model, fetch.known_fields)
    facts = path.facts.get(key)
    if facts is None:
        name = relation_name(fetch.instance_model, fetch.model, fetch.known_fields, query)
        own_conditions = condition_count(fetch.instance_model, name)
        variant = variant_of(query, fetch.method, fetch.model, own_conditions) if name else ()
        facts = path.facts[key] = (name, variant)
    name, fetch.variant = facts
    lookups, fetch.lookups = fetch.lookups, ()
    if lookups and lookups != own_lookups(fetch.model):
        fetch.variant = (*fetch.variant, "prefetch")
    if name:
        fetch.hops = (name,)
    else:
        fetch.parent = None
        fetch.owner = None
