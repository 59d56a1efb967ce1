"""What a rerun needs to know of the run that it repeats."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from quell.advice.injection import Injection, evaluation_codes, tail_behind
from quell.analysis.families import Family, group
from quell.capture.freeze import freeze, records_of
from quell.capture.scope import Scope
from quell.events import Fetch
from quell.findings import Finding
from quell.lineage.alias import FetchRecord
from quell.loading.batching import Batch
from quell.loading.plan import FetchPlan
from quell.loading.values import is_prefix
from quell.wording.outcomes import NO_BATCH, NO_BATCH_OF_CALL, UNTRIABLE

UNTRIABLE_REASON = UNTRIABLE()


def own_plan(finding: Finding) -> Finding:
    """Return the finding with its own part of the plan that all findings of one origin share."""
    plan = finding.plan
    if plan is None:
        return finding
    path = finding.path
    own = FetchPlan(
        *(item for item in plan.paths if is_prefix(item, path)),
        join=[item for item in plan.join if item == path],
        # A hop on the way that is better loaded by a query of its own stays that.
        separate=[item for item in plan.separate if is_prefix(item, path)],
        counts={name: item for name, item in plan.counts.items() if item == path},
        exists={name: item for name, item in plan.exists.items() if item == path},
        filters={name: spec for name, spec in plan.filters.items() if spec[0] == path},
        defer=[item for item in plan.defer if item == path and finding.kind == "unused_columns"],
    )
    # A merged plan may hold a longer path only, or load rows that answer a count.
    return replace(finding, plan=own or FetchPlan(path))


def injection_for(scope: Scope, findings: Iterable[Finding], *, is_checked: bool = False) -> Injection:
    """
    Return the changes that a set of findings proposes, for a rerun of what the scope saw.

    Args:
        scope: What saw the unchanged run.
        findings: Whose fixes to try.
        is_checked: Whether a rerun has proven them already, so that only the time of another one is of interest.

    Returns:
        Joins, prefetches and columns go into the querysets. Calls that no cache answers, such as ``count()``,
        are answered from one query for all rows. What cannot be tried is among its failures.
    """
    records = records_of(scope)
    families = _families_by_fetch(group(freeze(scope).fetches).values())
    injection = Injection()
    codes = evaluation_codes()
    for finding in findings:
        plan = _loading_part(finding.plan)
        # The root and the load of each place that showed this cause.
        pairs = list(zip(finding.fetches[::2], finding.fetches[1::2], strict=False))
        if not pairs or len(finding.fetches) % 2 or not all(root for root, _ in pairs):
            injection.fail(UNTRIABLE_REASON)
            continue
        for root, first in pairs:
            if plan:
                for fetch in families[root].fetches:
                    _add_plan(injection, records[fetch.number], plan, codes)
            if not _add_batch(injection, families[first], records, codes, is_checked=is_checked) and not plan:
                injection.fail(UNTRIABLE_REASON)
    return injection


def _families_by_fetch(families: Iterable[Family]) -> dict[int, Family]:
    return {fetch.number: family for family in families for fetch in family.fetches}


def _loading_part(plan: FetchPlan | None) -> FetchPlan:
    if plan is None:
        return FetchPlan()
    return FetchPlan(*plan.paths, join=plan.join, separate=plan.separate, defer=plan.defer)


def _add_plan(injection: Injection, record: FetchRecord, plan: FetchPlan, codes: Mapping[int, str]) -> None:
    label = record.model._meta.label
    site = record.site
    if site is not None and site.code is not None:
        key = (id(site.code), site.lasti), label
        injection.plans_by_site[key] = injection.plans_by_site.get(key, FetchPlan()) | plan
    elif record.call_path is not None:
        tail_key = tail_behind(record.call_path.frames, codes), label
        injection.plans_by_tail[tail_key] = injection.plans_by_tail.get(tail_key, FetchPlan()) | plan


def _add_batch(
    injection: Injection,
    family: Family,
    records: Mapping[int, FetchRecord],
    codes: Mapping[int, str],
    *,
    is_checked: bool,
) -> bool:
    """Let one query answer a call on a related manager; return whether there is such a call."""
    first = family.first
    is_manager_call = not first.is_single and first.kind == "lazy"
    if not is_manager_call or not (first.variant or first.method):
        return False
    owner = records[first.number]
    if owner.instance_model is None or not owner.hops:
        return False
    pks = [fetch.owner_pk for fetch in family.fetches]
    batch = Batch(owner.instance_model, owner.hops[0], pks, is_checked=is_checked)
    for fetch in _one_per_path(family.fetches):
        record = records[fetch.number]
        tail = tail_behind(record.call_path.frames, codes) if record.call_path is not None else ()
        if not tail:
            injection.fail(NO_BATCH(method=first.method) if first.method else NO_BATCH_OF_CALL())
        injection.batches[tail, record.model._meta.label] = batch
    return True


def _one_per_path(fetches: Iterable[Fetch]) -> Iterable[Fetch]:
    return {fetch.call_path: fetch for fetch in fetches}.values()
