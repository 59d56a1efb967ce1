"""From findings to plans: one merged plan per queryset, and one line of code per finding."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import Model

from quell.advice.admins import in_admin
from quell.advice.cached import over_cache
from quell.advice.calls import Answer, Call
from quell.advice.chains import Chain, read_chain
from quell.advice.hygiene import advise_transaction
from quell.advice.loading_plans import loading_plan, plan_of_way, takes_prefetches_only
from quell.advice.loops import loop_code
from quell.advice.manager_calls import chains_at, choose_chain, depends_on_row
from quell.advice.messages import message_of, with_note
from quell.advice.models import UnknownModelError, find_model, model_of
from quell.advice.related import answer
from quell.advice.repeating import advise_repeat, is_same_each_time
from quell.advice.roots import note_on, reloading_code, spell, with_columns
from quell.advice.split_statistics import advise_statistics
from quell.advice.unplanned import attribute_code, generic_code
from quell.advice.unused import advise_column, removal_code
from quell.advice.writing import advise_write
from quell.events import Fetch, Recording
from quell.exceptions import PlanConflict, QuellError
from quell.findings import CODES_OF_TRANSACTIONS, Finding
from quell.loading.plan import FetchPlan
from quell.loading.values import is_covered

_Origin = tuple[str, str, str]

# What a related manager answers from rows that were prefetched; the empty one is iteration.
_FROM_CACHE = frozenset({"", "count", "exists", "contains"})


@dataclass(frozen=True, slots=True)
class _Advised:
    """
    A finding with its own part of the plan, before what others of its origin need is known.

    ``chosen`` is the path whose chosen rows its code prefetches, together with something behind them.
    """

    finding: Finding
    note: str = ""
    chosen: str = ""


def advise(findings: Iterable[Finding], recording: Recording) -> tuple[Finding, ...]:
    """Return the findings with suggestion, message and plan; those of one origin carry the same merged plan."""
    fetches = {fetch.number: fetch for fetch in recording.fetches}
    findings = with_columns(tuple(findings), fetches)
    advised = _with_names([_advise(finding, fetches, recording) for finding in findings])
    own = [item.finding for item in advised]
    merged = _merge(own)
    done = []
    for item in advised:
        finding, plan = replace(item.finding, statements=()), merged.get(_origin(item.finding))
        root = fetches.get(finding.fetches[0]) if finding.fetches else None
        fields = [fetches[number].form_field for number in finding.fetches[::2] if number]
        finding = _with_plan(_spelled(finding, plan, root), plan, fields)
        done.append(_with_message(finding, item.note, root, fetches))
    return tuple(done)


def _advise(finding: Finding, fetches: Mapping[int, Fetch], recording: Recording) -> _Advised:
    try:
        if finding.code in CODES_OF_TRANSACTIONS:
            return _Advised(advise_transaction(finding, recording))
        if finding.kind == "unused_eager_load":
            return _Advised(replace(finding, suggestion=removal_code(finding, recording)))
        if finding.kind == "unused_columns":
            return _Advised(advise_column(finding, model_of(finding.model)))
        if finding.kind == "split_statistics":
            return _Advised(advise_statistics(finding))
        return _advise_one(finding, fetches)
    except UnknownModelError as error:
        return _Advised(replace(finding, suggestion=str(error)))


def merge(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Give all findings of one origin the plans of all of them as one."""
    merged = _merge(findings)
    return tuple(_with_plan(finding, merged.get(_origin(finding))) for finding in findings)


def _origin(finding: Finding) -> _Origin:
    return str(finding.origin), finding.model, finding.place


def _merge(findings: Sequence[Finding]) -> Mapping[_Origin, FetchPlan]:
    merged: dict[_Origin, FetchPlan] = {}
    for finding in findings:
        if finding.plan is not None:
            merged[_origin(finding)] = merged.get(_origin(finding), FetchPlan()) | finding.plan
    return {origin: _without_needless(plan) for origin, plan in merged.items()}


def _without_needless(plan: FetchPlan) -> FetchPlan:
    """Drop counts and existence tests of relations that are loaded anyway, and what a longer path passes through."""
    loaded = (*plan.paths, *plan.separate)
    return FetchPlan(
        *plan.paths,
        join=plan.join,
        separate=plan.separate,
        counts={name: path for name, path in plan.counts.items() if not is_covered(path, loaded)},
        exists={name: path for name, path in plan.exists.items() if not is_covered(path, loaded)},
        filters=plan.filters,
        defer=plan.defer,
    )


def _with_names(advised: Sequence[_Advised]) -> list[_Advised]:
    """Let no two findings of one origin give a name two meanings: one of them has the code for both."""
    kept: dict[_Origin, FetchPlan] = {}
    deeper = {(_origin(item.finding), item.chosen): item.finding for item in advised if item.chosen}
    done = []
    for item in advised:
        finding = _together(item.finding, deeper.get((_origin(item.finding), item.finding.path)))
        if finding.plan is not None:
            try:
                kept[_origin(finding)] = kept.get(_origin(finding), FetchPlan()) | finding.plan
            except PlanConflict:
                finding = replace(finding, plan=None)
        done.append(replace(item, finding=finding))
    return done


def _together(finding: Finding, whole: Finding | None) -> Finding:
    """Return a finding about some rows with the code of the one about what is behind them."""
    if whole is None or finding.plan is None or not finding.plan.filters:
        return finding
    return replace(finding, plan=None, suggestion=whole.suggestion)


def _spelled(finding: Finding, merged: FetchPlan | None, root: Fetch | None) -> Finding:
    """Return the finding with the code of its plan, in the light of what others at its origin need."""
    plan = finding.plan
    if plan is None or merged is None or plan.defer:
        return finding
    names = {*plan.counts, *plan.exists}
    if names and not names & {*merged.counts, *merged.exists}:
        # The rows are loaded for another finding, and answer this one from the cache.
        plan = FetchPlan(finding.path)
    is_alone = len(merged.counts) + len(merged.exists) < 2
    return replace(finding, suggestion=spell(plan, model_of(finding.model), root, is_alone=is_alone))


def _with_message(finding: Finding, note: str, root: Fetch | None, fetches: Mapping[int, Fetch]) -> Finding:
    if finding.message:
        return finding
    fetch = fetches.get(finding.fetches[1]) if len(finding.fetches) > 1 else None
    model = find_model(finding.model)
    message = message_of(finding, fetch, model)
    if not message:
        return finding
    if root is not None and model is not None and fetch is not None:
        message = with_note(message, note_on(finding, root, model))
    return replace(finding, message=with_note(message, note))


def _with_plan(finding: Finding, plan: FetchPlan | None, fields: Iterable[str] = ()) -> Finding:
    if finding.plan is None or plan is None:
        return finding
    return in_admin(replace(finding, plan=plan), plan, fields)


def _advise_one(finding: Finding, fetches: Mapping[int, Fetch]) -> _Advised:
    fetch = fetches.get(finding.fetches[1]) if finding.fetches else None
    if finding.suggestion:
        return _Advised(finding)
    if finding.kind in {"duplicate_query", "write_in_loop"}:
        return _advise_statements(finding, fetch, fetches)
    if finding.kind == "query_in_loop" and is_same_each_time(finding, fetch):
        return _Advised(advise_repeat(finding, fetch, fetches.values())[0])
    if fetch is None or finding.kind == "query_in_loop":
        return _Advised(replace(finding, suggestion=loop_code(fetch)))
    return _advise_load(finding, fetch, fetches)


def _advise_statements(finding: Finding, fetch: Fetch | None, fetches: Mapping[int, Fetch]) -> _Advised:
    """Advise where the code around the queries has to change, not a queryset."""
    if finding.kind == "write_in_loop":
        return _Advised(*advise_write(finding, fetch))
    return _Advised(*advise_repeat(finding, fetch, fetches.values()))


def _advise_load(finding: Finding, fetch: Fetch, fetches: Mapping[int, Fetch]) -> _Advised:
    """Advise where rows asked for more: at the queryset that they come from, or over what they hold."""
    if finding.kind == "defeated_prefetch":
        return _advise_cached(finding, fetch)
    root = fetches.get(finding.fetches[0])
    if root is None:
        code = f'prefetch_related_objects(instances, "{finding.path}")'
        return _Advised(replace(finding, suggestion=code))
    if fetch.is_reloaded:
        return _Advised(replace(finding, suggestion=reloading_code(finding)))
    return _advise_relation(finding, fetch, root, fetches)


def _advise_relation(finding: Finding, fetch: Fetch, root: Fetch, fetches: Mapping[int, Fetch]) -> _Advised:
    relation = finding.path.rpartition("__")[2]
    chain = _chain(fetch, relation, root)
    # A query does not tell that its rows were to be prefetched for; the source does.
    is_own = bool(fetch.variant) or any(step.name == "prefetch_related" for step in chain.steps)
    model = model_of(finding.model)
    try:
        if is_own or fetch.method not in _FROM_CACHE:
            way, takes_columns = plan_of_way(finding, root), not takes_prefetches_only(root)
            call = Call(model, finding.path, fetch, chain, way, takes_columns=takes_columns)
            return _answered(finding, answer(call))
        if (chosen := _chosen_rows(finding, fetch, root, fetches)) is not None:
            return replace(_answered(finding, answer(chosen)), chosen=chosen.path)
        generic = generic_code(finding, fetches, model_of)
        if generic:
            return _Advised(replace(finding, suggestion=generic))
        return _planned(finding, loading_plan(finding, fetch, root, model), model)
    except QuellError:
        return _Advised(replace(finding, suggestion=attribute_code(finding, fetch, fetches)))


def _advise_cached(finding: Finding, fetch: Fetch) -> _Advised:
    """Return the expression over the rows that are there, or, where the database must choose, their ``Prefetch``."""
    relation = finding.path.rpartition("__")[2]
    chain = choose_chain(chains_at(finding.trigger, relation), fetch.method)
    code = over_cache(chain, model_of(fetch.model)) if chain is not None else ""
    if not code and chain is not None and depends_on_row(chain):
        code = f"choose among the rows of {chain.manager}.all() in Python: they are loaded already"
    if code:
        return _Advised(replace(finding, suggestion=code))
    spelled = _chain(fetch, relation, fetch)
    try:
        found = answer(Call(model_of(finding.model), finding.path, fetch, spelled, FetchPlan()))
    except QuellError as error:
        return _Advised(replace(finding, suggestion=str(error)))
    return _Advised(replace(finding, suggestion=found.code), found.note)


def _answered(finding: Finding, found: Answer) -> _Advised:
    return _Advised(replace(finding, suggestion=found.code, plan=found.plan), found.note)


def _planned(finding: Finding, plan: FetchPlan, model: type[Model]) -> _Advised:
    """Return the finding with a plan that Django accepts for its model."""
    plan.as_code(model)
    # Each query that is made instead of a join is one that stays.
    needed = max(finding.count - finding.saved_queries, len(plan.separate))
    saved = max(finding.count - needed, 1)
    return _Advised(replace(finding, plan=plan, saved_queries=saved))


def _chain(fetch: Fetch, relation: str, root: Fetch) -> Chain:
    origin = read_chain(fetch.origin, relation, origin=root.origin)
    trigger = read_chain(fetch.trigger, relation, origin=root.origin)
    return max(origin, trigger, key=lambda chain: len(chain.steps))


def _chosen_rows(finding: Finding, fetch: Fetch, root: Fetch, fetches: Mapping[int, Fetch]) -> Call | None:
    """Return the load on the way from the root that chose some rows only, with the path behind it."""
    behind: tuple[str, ...] = ()
    is_new = fetch.kind == "prefetch"  # a queryset that prefetches is not answered from what a manager holds
    while fetch.parent and fetch.number != root.number:
        behind = (*fetch.hops, *behind)
        fetch = fetches[fetch.parent]
        is_choice = is_new or bool(fetch.variant) or fetch.method not in _FROM_CACHE
        if fetch.kind == "lazy" and is_choice and fetch.number != root.number:
            path = "__".join(finding.path.split("__")[: -len(behind)])
            chain = _chain(fetch, path.rpartition("__")[2], root)
            return Call(model_of(finding.model), path, fetch, chain, FetchPlan(), behind="__".join(behind))
    return None
