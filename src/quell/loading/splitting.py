"""Which path of a plan becomes a join and which a prefetch: decided by the model alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Model

from quell.exceptions import UsageError
from quell.introspection.relations import Hop, resolve_path
from quell.loading.values import drop_covered

if TYPE_CHECKING:
    from quell.loading.plan import FetchPlan


@dataclass(frozen=True, slots=True)
class Split:
    """
    A plan, spelled for Django.

    ``joins`` are spelled for ``select_related()`` of the root, ``prefetches`` for ``prefetch_related()``. Each of
    ``nested`` is a prefetch whose own query joins: its path, and what its queryset's ``select_related()`` takes.
    ``joined_paths`` are the joins as accessor names, so that each can become a prefetch instead.
    """

    joins: tuple[str, ...]
    joined_paths: tuple[str, ...]
    prefetches: tuple[str, ...]
    nested: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def all_prefetches(self) -> tuple[str, ...]:
        """Return every prefetch as a plain lookup; one with joins in it goes on to what is joined."""
        inner = (f"{path}__{tail}" for path, tails in self.nested for tail in tails)
        return drop_covered((*self.prefetches, *inner))


def split(plan: "FetchPlan", model: type[Model]) -> Split:
    """
    Decide for each path of a plan, and for the way to its filtered rows.

    Raises:
        UsageError: If a path is no relation of the model, or a join is impossible.
    """
    joined: set[tuple[str, str]] = set()
    prefetches: set[str] = set()
    nested: dict[str, set[str]] = {}
    forced = _forced(plan)
    for path in (*plan.paths, *plan.separate):
        hops = resolve_path(model, path)
        length = _joined_length(hops, plan.separate, forced)
        joined.add(_spellings(hops[:length]))
        if length < len(hops):
            prefetches.add(path)
    for path in plan.join:
        hops = resolve_path(model, path)
        _check_join(model, path, hops)
        start = _boundary(hops, plan.separate)
        leading = hops[:start]
        length = _joined_length(leading, plan.separate, forced) if start else len(hops)
        joined.add(_spellings(hops[:length]))
        if start:
            nested.setdefault(_spellings(leading)[0], set()).add(_spellings(hops[start:])[1])
    for item in plan.filters.values():
        leading = resolve_path(model, item[0])[:-1]
        joined.add(_spellings(leading[: _joined_length(leading, plan.separate, forced)]))
    return _minimal(joined, prefetches, nested)


def _forced(plan: "FetchPlan") -> frozenset[str]:
    """Return each join and the hops on the way to it."""
    return frozenset(path.rsplit("__", cut)[0] for path in plan.join for cut in range(path.count("__") + 1))


def _joined_length(hops: Sequence[Hop], separate: Sequence[str], forced: frozenset[str]) -> int:
    """Count the leading hops that are joined."""
    prefix = ""
    for position, hop in enumerate(hops):
        prefix = f"{prefix}__{hop.name}" if prefix else hop.name
        if prefix in separate or not (hop.can_join or (prefix in forced and _may_join(hop))):
            return position
    return len(hops)


def _boundary(hops: Sequence[Hop], separate: Sequence[str]) -> int:
    """Count the hops up to and including the last one that cannot be part of a join."""
    names = [hop.name for hop in hops]
    return max(
        (
            position
            for position, hop in enumerate(hops, start=1)
            if not _may_join(hop) or "__".join(names[:position]) in separate
        ),
        default=0,
    )


def _may_join(hop: Hop) -> bool:
    return hop.kind in {"forward", "reverse_one"} and not (hop.is_parent_link and hop.kind == "forward")


def _check_join(model: type[Model], path: str, hops: Sequence[Hop]) -> None:
    label = model._meta.label
    generic = next((hop for hop in hops if hop.kind == "generic"), None)
    if generic is not None:
        msg = (
            f'join="{path}" on {label}: "{generic.name}" is a generic foreign key, which leads to several tables; '
            "name the path without join= and it is prefetched"
        )
        raise UsageError(msg)
    if not _may_join(hops[-1]):
        what = "the link to the parent's own row" if hops[-1].is_single else "a to-many relation"
        msg = (
            f'join="{path}" on {label}: "{hops[-1].name}" is {what}, which a join cannot load; '
            "name the path without join= and it is prefetched"
        )
        raise UsageError(msg)


def _spellings(hops: Sequence[Hop]) -> tuple[str, str]:
    """Return a path as accessor names, and as query names."""
    return "__".join(hop.name for hop in hops), "__".join(hop.query_name for hop in hops)


def _minimal(joined: set[tuple[str, str]], prefetches: set[str], nested: dict[str, set[str]]) -> Split:
    paths = drop_covered(path for path, _ in joined if path)
    spelled = dict(joined)
    kept = drop_covered(prefetches)
    return Split(
        joins=tuple(sorted(spelled[path] for path in paths)),
        joined_paths=tuple(sorted(paths, key=lambda path: spelled[path])),
        prefetches=tuple(path for path in kept if path not in nested),
        nested=tuple((path, drop_covered(tails)) for path, tails in sorted(nested.items())),
    )
