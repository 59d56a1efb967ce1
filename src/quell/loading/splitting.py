"""Which path of a plan becomes a join and which a prefetch: decided by the model alone."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Model

from quell.exceptions import UsageError
from quell.introspection.relations import Hop, resolve_path
from quell.loading.returning import return_position, without_returns
from quell.loading.values import drop_covered

if TYPE_CHECKING:
    from quell.loading.plan import FetchPlan


@dataclass(frozen=True, slots=True)
class Split:
    """
    A plan, spelled for Django.

    ``joins`` are for ``select_related()`` of the root, and ``joined_paths`` the same as accessor names, so
    that each can become a prefetch instead. ``prefetches`` are plain lookups for ``prefetch_related()``. Each
    of ``nested`` is a prefetch that joins in its own query: its path, and the joins by both spellings.
    """

    joins: tuple[str, ...]
    joined_paths: tuple[str, ...]
    prefetches: tuple[str, ...]
    nested: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]

    @property
    def all_prefetches(self) -> tuple[str, ...]:
        """Return every prefetch as a plain lookup; one with joins in it goes on to what is joined."""
        inner = (f"{path}__{tail}" for path, tails in self.nested for tail, _ in tails)
        return drop_covered((*self.prefetches, *inner))


def split(plan: "FetchPlan", model: type[Model]) -> Split:
    """
    Decide for each path of a plan, and for the way to its filtered and limited rows.

    Raises:
        UsageError: If a path is no relation of the model, or a join is impossible.
    """
    joined: dict[str, str] = {}
    prefetches: set[str] = set()
    nested: dict[str, dict[str, str]] = {}
    listed = [found for path in (*plan.paths, *plan.separate) for found in without_returns(model, path)]
    told = [path for path in plan.join if return_position(model, path) == len(resolve_path(model, path))]
    # What is behind a way back is joined where that can be, as any other path.
    listed += [found for path in plan.join if path not in told for found in without_returns(model, path)]
    for path in listed:
        hops = resolve_path(model, path)
        length = min(_joined_length(hops, plan.separate), return_position(model, path))
        joined |= _spellings(hops[:length])
        if length < len(hops):
            prefetches.add(path)
    for path in told:
        hops = resolve_path(model, path)
        _check_join(model, path, hops)
        start = _boundary(hops, plan.separate)
        joined |= _spellings(hops[: _joined_length(hops[:start], plan.separate) if start else len(hops)])
        if start:
            nested.setdefault(_accessors(hops[:start]), {}).update(_spellings(hops[start:]))
    own = (*(spec[0] for spec in plan.filters.values()), *(limit.path for limit in plan.limits.values()))
    for path in own:
        way = resolve_path(model, path)[:-1]
        joined |= _spellings(way[: _joined_length(way, plan.separate)])
    return _minimal(joined, prefetches, nested)


def _minimal(joined: dict[str, str], prefetches: Collection[str], nested: dict[str, dict[str, str]]) -> Split:
    joins = sorted((joined[path], path) for path in drop_covered(joined))
    return Split(
        joins=tuple(join for join, _ in joins),
        joined_paths=tuple(path for _, path in joins),
        prefetches=drop_covered(prefetches, by=nested),
        nested=tuple(
            (path, tuple((tail, nested[path][tail]) for tail in drop_covered(nested[path])))
            for path in sorted(nested)
        ),
    )


def _joined_length(hops: Sequence[Hop], separate: Collection[str]) -> int:
    """Count the leading hops that are joined."""
    for position, hop in enumerate(hops):
        prefix = _accessors(hops[: position + 1])
        if prefix in separate or not hop.can_join:
            return position
    return len(hops)


def _boundary(hops: Sequence[Hop], separate: Collection[str]) -> int:
    """Count the hops up to and including the last one that is prefetched."""
    positions = range(len(hops), 0, -1)
    return next(
        (end for end in positions if not hops[end - 1].can_join or _accessors(hops[:end]) in separate), 0
    )


def _check_join(model: type[Model], path: str, hops: Sequence[Hop]) -> None:
    hop = next((hop for hop in hops if hop.kind == "generic"), hops[-1])
    if hop.can_join:
        return
    if hop.kind in {"forward", "reverse_one"} and not hop.is_parent_link:
        what = "reached by a manager or a key that a join ignores: it would show or drop rows"
    elif hop.kind == "generic":
        what = "a generic foreign key, which leads to several tables"
    elif hop.is_single:
        what = "the link to the parent's part of the same row"
    else:
        what = "a to-many relation"
    msg = (
        f'join="{path}" on {model._meta.label}: "{hop.name}" is {what}, so no join loads it; '
        "name the path without join= and it is prefetched"
    )
    raise UsageError(msg)


def _accessors(hops: Sequence[Hop]) -> str:
    return "__".join(hop.name for hop in hops)


def _spellings(hops: Sequence[Hop]) -> dict[str, str]:
    """Map a path as accessor names to the same as query names; nothing for no hops."""
    return {_accessors(hops): "__".join(hop.query_name for hop in hops)} if hops else {}
