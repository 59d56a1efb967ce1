"""What the queryset to change is like already, and what that means for the code to write."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from django.db.models import Model

from quell.advice.models import UnknownModelError, model_of
from quell.events import Fetch
from quell.findings import Finding
from quell.loading.plan import FetchPlan
from quell.loading.rendering import queryset_code
from quell.loading.values import is_prefix
from quell.wording import sentences


def spell(plan: FetchPlan, model: type[Model], root: Fetch | None, *, is_alone: bool) -> str:
    """Return the code of a plan; a count is joined only where no other join could multiply its rows."""
    sql = root.sql.upper() if root is not None else ""
    is_simple = is_alone and " JOIN " not in sql and " GROUP BY " not in sql and "DISTINCT" not in sql
    code = queryset_code(plan, model, may_group=is_simple)
    return f"{_undeferred(plan.split(model)[0], root)}{code}"


def _undeferred(joins: Sequence[str], root: Fetch | None) -> str:
    """Return the calls that load the keys again which a join needs and ``only()`` or ``defer()`` left out."""
    names, is_deferring = root.deferred if root is not None else (frozenset[str](), True)
    if not names:
        return ""
    missing = {key for join in joins for key in _missing_keys(join, names, is_deferring=is_deferring)}
    return _loading(names, missing, is_deferring=is_deferring) if missing else ""


def _missing_keys(join: str, names: frozenset[str], *, is_deferring: bool) -> Iterator[str]:
    parts = join.split("__")
    for end in range(1, len(parts) + 1):
        prefix = "__".join(parts[:end])
        is_named = bool({prefix, f"{prefix}_id"} & names)
        if is_deferring and is_named:
            yield prefix
        # A name in front of others stands for these alone: adding it would load less, not more.
        if not is_deferring and (is_named or not any(is_prefix(prefix, name) for name in names)):
            if not is_named:
                yield prefix
            return


def _loading(names: frozenset[str], columns: Iterable[str], *, is_deferring: bool) -> str:
    """Return ``only()`` or ``defer()`` so that they load some columns more; the last call counts."""
    columns = set(columns)
    if not is_deferring:
        return f".only({_texts(sorted({*names, *columns}))})"
    left = sorted(names - columns - {f"{name}_id" for name in columns})
    return ".defer(None)" + (f".defer({_texts(left)})" if left else "")


def with_columns(findings: Sequence[Finding], fetches: Mapping[int, Fetch]) -> list[Finding]:
    """Return the findings, those about columns that one queryset leaves out with the code for all of these."""
    missed: dict[Hashable, set[str]] = {}
    for finding in findings:
        if (fetch := _deferred_fetch(finding, fetches)) is not None:
            missed.setdefault(_queryset_of(fetch, fetches), set()).add("__".join(fetch.hops))
    return [_with_code(finding, fetches, missed) for finding in findings]


def _with_code(
    finding: Finding, fetches: Mapping[int, Fetch], missed: Mapping[Hashable, set[str]]
) -> Finding:
    fetch = _deferred_fetch(finding, fetches)
    if fetch is None:
        return finding
    try:
        code = _deferred_code(finding, fetch, fetches, missed[_queryset_of(fetch, fetches)])
    except UnknownModelError as error:
        code = str(error)
    return replace(finding, suggestion=code)


def _deferred_fetch(finding: Finding, fetches: Mapping[int, Fetch]) -> Fetch | None:
    fetch = fetches.get(finding.fetches[1]) if len(finding.fetches) > 1 else None
    is_column = fetch is not None and fetch.is_deferred and finding.kind == "n_plus_one"
    return fetch if is_column else None


def _queryset_of(fetch: Fetch, fetches: Mapping[int, Fetch]) -> Hashable:
    source = fetches.get(fetch.parent)
    return (str(source.origin), source.model, source.deferred) if source is not None else fetch.number


def _deferred_code(
    finding: Finding, fetch: Fetch, fetches: Mapping[int, Fetch], columns: AbstractSet[str]
) -> str:
    """Return the calls that load columns which ``only()`` or ``defer()`` left out."""
    source = fetches.get(fetch.parent)
    if source is not None and source.is_raw:
        return f'select "{fetch.hops[-1]}" in the SQL'
    if source is None or not source.deferred[0]:
        return ".defer(None)"
    names, is_deferring = source.deferred
    if is_deferring:
        columns = columns | {column.removesuffix("_id") for column in columns}
    code = _loading(names, columns, is_deferring=is_deferring)
    if source.number == finding.fetches[0]:
        return code
    # Rows of a prefetch have a queryset of their own.
    path = finding.path[: -len("__".join(fetch.hops)) - 2]
    model = model_of(source.model)
    return f'Prefetch("{path}", queryset={model.__name__}.{model._default_manager.name}{code})'


def reloading_code(finding: Finding) -> str:
    """Return how rows are loaded again without forgetting their relations."""
    model = model_of(finding.model)
    rows = f"{model.__name__}.{model._base_manager.name}{FetchPlan(finding.path).as_code(model)}"
    return f"refresh_from_db(from_queryset={rows})"


def _texts(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def note_on(finding: Finding, root: Fetch, model: type[Model]) -> str:
    """Return what is special about the queryset to change, or an empty text."""
    if finding.plan is None:
        return ""
    joins, prefetches = finding.plan.split(model)
    if root.combinator:
        return sentences.BEFORE_UNION(method=root.combinator)
    if root.is_raw:
        return sentences.RAW()
    if root.is_bare_join and joins:
        return sentences.BARE(code=f"select_related({_texts(joins)})")
    if root.method == "iterator" and prefetches:
        return sentences.CHUNKS()
    return ""
