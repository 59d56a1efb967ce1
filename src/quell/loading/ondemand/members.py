"""The rows of one fetch, as owners of what is loaded on demand."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias
from weakref import ReferenceType

from django.db.models import Model

from quell.lineage.ondemand import joined_attribute

# What an owner holds in some of its attributes.
Values: TypeAlias = tuple[Any, ...]
RawRow: TypeAlias = Sequence[Any]
# The stubs know nothing of compilers.
Compiler: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    What to read from each owner.

    Owners that hold the relation ``cached``, or the column ``loaded``, will not ask for it.
    """

    names: tuple[str, ...]
    cached: str = ""
    loaded: str = ""


class Members(Protocol):
    """Rows of one fetch, joined ones included."""

    def values(self, hops: Sequence[str], wanted: Wanted) -> Iterator[Values]:
        """Yield what the rows behind some joins hold, in the order of the fetch."""


class Instances:
    """Rows that the application holds; those that it has let go are no members any more."""

    __slots__ = ("_refs",)

    def __init__(self, refs: "Sequence[ReferenceType[Model]]") -> None:
        self._refs = refs

    def __len__(self) -> int:
        return len(self._refs)

    def followed_by(self, refs: "Sequence[ReferenceType[Model]]") -> "Instances":
        """Return these rows, as far as they are alive, and more."""
        return Instances([*(item for item in self._refs if item() is not None), *refs])

    def values(self, hops: Sequence[str], wanted: Wanted) -> Iterator[Values]:
        """Yield what the instances hold that are still alive."""
        names, cached, loaded = wanted.names, wanted.cached, wanted.loaded
        for item in self._refs:
            row = item()
            for hop in hops:
                row = _joined(row, hop)
            if row is None:
                continue
            held = row.__dict__
            if loaded in held or (cached and cached in held["_state"].fields_cache):
                continue
            values = tuple(map(held.get, names))
            if None not in values:
                yield values


def _joined(row: Any, hop: str) -> Any:
    if row is None:
        return None
    found = row._state.fields_cache.get(hop)
    # A FilteredRelation fills an attribute.
    return found if found is not None else row.__dict__.get(hop)


@dataclass(slots=True)
class Layout:
    """Where a row of the database holds the columns of a model, and of those that are joined to it."""

    columns: Mapping[str, int]
    joins: dict[str, "Layout"] = field(default_factory=dict)

    @classmethod
    def of(cls, klass_info: Mapping[str, Any], select: Sequence[Any]) -> "Layout":
        """Return the layout that a compiler has decided on."""
        targets = ((getattr(select[at][0], "target", None), at) for at in klass_info["select_fields"])
        found = cls({target.attname: at for target, at in targets if target is not None})
        for info in klass_info.get("related_klass_infos", ()):
            found.joins[joined_attribute(info)] = cls.of(info, select)
        return found

    def behind(self, hops: Sequence[str]) -> "Layout | None":
        """Return the layout of what is joined."""
        found: Layout | None = self
        for hop in hops:
            found = found.joins.get(hop) if found is not None else None
        return found


class RawRows:
    """Rows that one query has loaded for all peers, most of which nobody has asked for yet."""

    __slots__ = ("_convert", "_layout", "_rows")

    def __init__(self, compiler: Compiler, rows: Sequence[RawRow]) -> None:
        self._layout = Layout.of(compiler.klass_info, compiler.select)
        self._convert = converters(compiler, [item[0] for item in compiler.select])
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def values(self, hops: Sequence[str], wanted: Wanted) -> Iterator[Values]:
        """Yield what the rows hold, as instances of them would."""
        layout = self._layout.behind(hops)
        if layout is None or any(name not in layout.columns for name in wanted.names):
            return
        if wanted.loaded in layout.columns:
            return
        places = [layout.columns[name] for name in wanted.names]
        for row in self._rows:
            values = tuple(self._value(row, at) for at in places)
            if None not in values:
                yield values

    def _value(self, row: RawRow, at: int) -> Any:
        convert = self._convert.get(at)
        return convert(row[at]) if convert is not None else row[at]


def converters(compiler: Compiler, expressions: Iterable[Any]) -> dict[int, Callable[[Any], Any]]:
    """Return what turns a value of the database into one of Python, by the place of its column."""
    connection = compiler.connection

    def chain(functions: Sequence[Callable[..., Any]], expression: Any) -> Callable[[Any], Any]:
        def convert(value: Any) -> Any:
            for function in functions:
                value = function(value, expression, connection)
            return value

        return convert

    found = compiler.get_converters(expressions)
    return {at: chain(functions, expression) for at, (functions, expression) in found.items()}
