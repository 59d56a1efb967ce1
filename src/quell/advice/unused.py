"""What to write where something is loaded for nothing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db.models import Model

from quell.events import EagerLoad, Recording
from quell.exceptions import QuellError
from quell.findings import Finding
from quell.introspection.relations import walk
from quell.loading.plan import FetchPlan

_REMOVAL = re.compile(
    r'(?:remove|replace) (?:"(?P<path>\w+)"|Prefetch\("(?P<filled>\w+)", to_attr="(?P<to_attr>\w+)"\))'
    r'(?: by "(?P<kept>\w+)")? (?:from|in) \.?(?P<call>\w+)(?:\(\))?'
)


@dataclass(frozen=True, slots=True)
class Removal:
    """
    What is to go out of the arguments of a call.

    ``kept`` is the part of the path that stays, ``to_attr`` the attribute that a ``Prefetch`` fills.
    """

    path: str
    call: str
    kept: str = ""
    to_attr: str = ""


def read_removal(suggestion: str) -> Removal | None:
    """Return what a suggestion takes out, ``None`` where it says something else."""
    found = _REMOVAL.fullmatch(suggestion)
    if found is None or found["call"] == "prefetch_related_objects":
        return None
    path = found["path"] or found["filled"]
    return Removal(path, found["call"], found["kept"] or "", found["to_attr"] or "")


def removal_code(finding: Finding, recording: Recording) -> str:
    """Return which argument of which call is to go."""
    load = _load_of(finding, recording.eager_loads)
    path = finding.path
    if load is None:
        return f'do not load "{path}"'
    if load.is_by_hand:
        return f'remove "{path}" from prefetch_related_objects()'
    if load.by == "prefetch":
        if load.to_attr:
            return f'remove Prefetch("{path}", to_attr="{load.to_attr}") from .prefetch_related()'
        return _without(path, _used_prefix(load, recording.eager_loads), ".prefetch_related()")
    call = "list_select_related" if finding.place.endswith(".list_select_related") else ".select_related()"
    if load.is_bare:
        return f'name the relations that are used in {call}, without "{path}"'
    return _without(path, _used_prefix(load, recording.eager_loads), call)


def _without(path: str, used: str, call: str) -> str:
    return f'replace "{path}" by "{used}" in {call}' if used else f'remove "{path}" from {call}'


def _load_of(finding: Finding, loads: Sequence[EagerLoad]) -> EagerLoad | None:
    path = tuple(finding.path.split("__"))
    numbers = set(finding.fetches)
    return next(
        (
            load
            for load in loads
            if load.path == path and numbers & {load.fetch, *load.statements} and not load.is_used
        ),
        None,
    )


def _used_prefix(load: EagerLoad, loads: Sequence[EagerLoad]) -> str:
    """Return the part of a lookup that is to stay, as something reads it."""
    used = {
        other.path for other in loads if other.fetch == load.fetch and other.by == load.by and other.is_used
    }
    lengths = range(len(load.path) - 1, 0, -1)
    return next(("__".join(load.path[:length]) for length in lengths if load.path[:length] in used), "")


def advise_column(finding: Finding, model: type[Model]) -> Finding:
    """Return a finding about a column with the plan that leaves it out, and the code."""
    plan = FetchPlan(defer=(finding.path,))
    way, _, column = finding.path.rpartition("__")
    is_prefetched = bool(way) and len(set(finding.fetches)) > 1
    try:
        if not is_prefetched:
            return replace(finding, plan=plan, suggestion=plan.as_code(model))
        target = walk(model, way)[-1].target
    except QuellError as error:
        return replace(finding, suggestion=str(error))
    name = target.__name__ if target is not None else way
    rows = f'{name}.objects.defer("{column}")'
    code = f'Prefetch("{way}", queryset={rows}) instead of "{way}"'
    return replace(finding, plan=plan, suggestion=code)
