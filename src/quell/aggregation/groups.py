"""Numbers for each group of rows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from quell.aggregation.results import Collected
from quell.exceptions import UsageError


class Group(Collected):
    """The numbers of one group, and what its rows have in common, as attributes and as keys; frozen."""

    __slots__ = ("_label",)

    def __init__(self, results: Mapping[str, Any], label: str) -> None:
        super().__init__(results)
        object.__setattr__(self, "_label", label)

    @property
    def label(self) -> str:
        """What people call the group: the labels of its choices."""
        return str(self._label)

    def __reduce__(self) -> tuple[Any, ...]:
        return Group, (self._results, self._label)


class Groups:
    """
    The groups in order, which is that of the choices, or of the values, with NULL at the end.

    ``groups["open"]`` is the group of a value, ``groups["open", "urgent"]`` that of several; iterate for all of them.
    Where several groupings were asked for, ``of()`` has each of them; ``totals`` has the group of each prefix of a
    key, ``()`` for all rows, if they were.
    """

    def __init__(
        self,
        names: tuple[str, ...],
        groups: Mapping[tuple[Any, ...], Group],
        further: "Sequence[Groups]" = (),
    ) -> None:
        self._names = names
        self._groups: dict[tuple[Any, ...], Group] = dict(groups)
        self._further = tuple(further)

    def of(self, *names: str) -> "Groups":
        """
        Return the groups of another grouping of the same statement, by its names in any order; ``of()`` is the total.

        Raises:
            UsageError: If it was not asked for.
        """
        for found in (self, *self._further):
            if set(found._names) == set(names):
                return found
        known = ", ".join(f"of({', '.join(map(repr, found._names))})" for found in (self, *self._further))
        msg = f"these groups are {known}; ask for others by(..., sets=[...]), totals=True or cube=True"
        raise UsageError(msg)

    @property
    def totals(self) -> dict[tuple[Any, ...], Group]:
        """The group of each prefix of a key, as far as those were asked for."""
        prefixes = [self._names[:length] for length in range(len(self._names))]
        return {
            key: group
            for found in self._further
            if found._names in prefixes
            for key, group in found._groups.items()
        }

    @property
    def total(self) -> Group:
        """
        The numbers of all rows.

        Raises:
            UsageError: If totals were not asked for.
        """
        if () not in self.totals:
            msg = "there are no totals; write by(..., totals=True)"
            raise UsageError(msg)
        return self.totals[()]

    def __getitem__(self, key: object) -> Group:
        return self._groups[_values(key)]

    def __contains__(self, key: object) -> bool:
        return _values(key) in self._groups

    def __len__(self) -> int:
        return len(self._groups)

    def __iter__(self) -> Iterator[Group]:
        return iter(self._groups.values())

    def __repr__(self) -> str:
        return f"<Groups: {', '.join(str(key[0] if len(key) == 1 else key) for key in self._groups)}>"


def _values(key: object) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key,)
