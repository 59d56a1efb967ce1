"""What rows are grouped by: the keys, and the sets of them that are groupings of one statement."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, TypeAlias

from django.db.models import F, Model
from django.db.models.constants import LOOKUP_SEP

from quell.aggregation.references import relations_of, resolve
from quell.exceptions import UsageError

# The keys of one grouping, as their positions among all keys.
KeySet: TypeAlias = tuple[int, ...]
_MOST_CUBED = 6


@dataclass(frozen=True, slots=True)
class Key:
    """What to group by; ``labels`` has the values that may be, in order, each with what people call it."""

    name: str
    expression: Any
    labels: dict[Any, str]

    def place(self, value: Any) -> tuple[Any, ...]:
        """Return where a value stands: choices in their order, then other values in theirs, then NULL."""
        if value in self.labels:
            return (0, list(self.labels).index(value))
        return (2,) if value is None else (1, value)


def read_keys(
    model: type[Model], names: Sequence[str], expressions: Mapping[str, Any], known: frozenset[str]
) -> tuple[Key, ...]:
    """
    Read what ``by()`` takes.

    Raises:
        UsageError: If there is none, a name is no field, or it leads through a relation with several rows.
    """
    if not names and not expressions:
        msg = 'by() takes what to group by, as in by("status") or by(month=TruncMonth("created_at"))'
        raise UsageError(msg)
    keys = [_key(model, name, known) for name in names]
    keys += [Key(name, expression, {}) for name, expression in expressions.items()]
    for key in keys:
        if getattr(key.expression, "contains_aggregate", False):
            msg = f"by({key.name}=...) takes what each row has by itself, and not an aggregate"
            raise UsageError(msg)
        if relations_of(model, key.expression, known):
            msg = (
                f'by("{key.name}") groups {model._meta.label} by a relation with several rows, where a row would be in '
                "several groups; make statistics of the model behind it"
            )
            raise UsageError(msg)
    return tuple(keys)


def read_sets(sets: "Iterable[str | Iterable[str]]") -> tuple[tuple[str, ...], ...]:
    """
    Read the further groupings that ``by()`` takes, each one name or several.

    Raises:
        UsageError: If they are a single name, or one of them is neither.
    """
    if isinstance(sets, str):
        msg = f'by(sets={sets!r}) takes groupings, each a name or several: by(sets=["{sets}"])'
        raise UsageError(msg)
    return tuple(map(_read_set, sets))


def _read_set(item: "str | Iterable[str]") -> tuple[str, ...]:
    names = (item,) if isinstance(item, str) or not isinstance(item, Iterable) else tuple(item)
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        msg = f"by(sets=...) takes names, each once in a grouping, not {item!r}"
        raise UsageError(msg)
    return names


def key_sets(
    names: Sequence[str],
    count: int,
    further: Iterable[tuple[str, ...]],
    *,
    totals: bool,
    cube: bool,
) -> tuple[KeySet, ...]:
    """
    Return each grouping once, that of the first ``count`` names first.

    Args:
        names: The names of all keys.
        count: How many of them are those of the grouping itself.
        further: Groupings beside it.
        totals: Whether each prefix of it is one.
        cube: Whether each part of it is one.

    Raises:
        UsageError: If a cube would have too many.
    """
    if cube and count > _MOST_CUBED:
        msg = f"by(cube=True) takes at most {_MOST_CUBED} names, as {2**count:,} groupings are no statistics; use sets="
        raise UsageError(msg)
    positions = range(count)
    found = [tuple(positions)]
    found += [tuple(names.index(name) for name in item) for item in further]
    if totals:
        found += [tuple(positions[:length]) for length in range(count - 1, -1, -1)]
    if cube:
        found += [part for size in range(count - 1, -1, -1) for part in combinations(positions, size)]
    # Another order of the same names is the same grouping.
    once: dict[frozenset[int], KeySet] = {}
    for item in found:
        once.setdefault(frozenset(item), item)
    return tuple(once.values())


def _key(model: type[Model], name: str, known: frozenset[str]) -> Key:
    if name.split(LOOKUP_SEP, maxsplit=1)[0] in known:
        return Key(name, F(name), {})
    reference = resolve(model, name)
    return Key(name, F(name), {} if reference.rest else _labels(reference.field))


def _labels(field: Any) -> dict[Any, str]:
    if getattr(field, "flatchoices", None):
        return {value: str(label) for value, label in field.flatchoices}
    is_boolean = getattr(field, "get_internal_type", str)() == "BooleanField"
    return {True: "True", False: "False"} if is_boolean else {}
