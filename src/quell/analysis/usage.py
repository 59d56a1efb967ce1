"""What the rules about needless loading share: which queryset is to change, and what of its loads nobody used."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from quell.events import EagerLoad, Fetch, Location, Recording

# A queryset to change: where it was built, the place in the framework's terms, and its model.
Owner: TypeAlias = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Unused:
    """One relation that one queryset loads, over all its fetches, and that nothing used."""

    first: Fetch
    loads: tuple[EagerLoad, ...]

    @property
    def path(self) -> tuple[str, ...]:
        """The lookup, from the model of the queryset."""
        return self.loads[0].path

    @property
    def statements(self) -> frozenset[int]:
        """The fetches that ran for it: those of a prefetch."""
        return frozenset(number for load in self.loads for number in load.statements)

    @property
    def fetches(self) -> frozenset[int]:
        """The fetches of the queryset itself."""
        return frozenset(load.fetch for load in self.loads)


def can_change(fetch: Fetch) -> bool:
    """Tell whether the user has a line, or a place in a framework, where this queryset can be changed."""
    if fetch.kind in {"lazy", "orphan"} and fetch.is_single:
        # Django builds the queryset of a to-one relation.
        return False
    if ".formfield_for_" in fetch.place:
        # What an admin chooses from is shown by ``__str__()``, which other pages call, too.
        return False
    is_placed = fetch.built_by == "library" and bool(fetch.place) and fetch.kind == "root"
    return fetch.built_by == "user" or is_placed


def owner_of(fetch: Fetch) -> Owner:
    """Return what identifies a queryset over all its fetches."""
    return str(fetch.origin), fetch.place, fetch.model


def unused_loads(recording: Recording, *, threshold: int) -> tuple[Unused, ...]:
    """Return each relation that was loaded for enough rows and that none of them used, in order of the first load."""
    fetches = {fetch.number: fetch for fetch in recording.fetches}
    groups: dict[object, list[EagerLoad]] = {}
    for load in recording.eager_loads:
        key = _key(load, fetches)
        if key is not None:
            groups.setdefault(key, []).append(load)
    return tuple(
        Unused(fetches[loads[0].fetch], tuple(loads))
        for loads in groups.values()
        if not any(load.is_used for load in loads) and _is_enough(loads, threshold)
    )


def _key(load: EagerLoad, fetches: Mapping[int, Fetch]) -> object | None:
    fetch = fetches.get(load.fetch)
    if fetch is None:
        return None
    if load.is_by_hand:
        return "by hand", _line(load, fetches), load.path
    return owner_of(fetch), load.by, load.path, load.to_attr


def _line(load: EagerLoad, fetches: Mapping[int, Fetch]) -> Location | None:
    statement = next((fetches[number] for number in load.statements if number in fetches), None)
    return statement.trigger if statement is not None else None


def _is_enough(loads: Iterable[EagerLoad], threshold: int) -> bool:
    return sum(load.row_count for load in loads) >= threshold and any(load.related_count for load in loads)
