"""What the rows of a fetch loaded, and what of it was used: kept per fetch and join, never per row."""

import json
from typing import TYPE_CHECKING, Any, Literal

from quell.introspection.columns import Column, columns_of
from quell.lineage.alias import FetchAlias, FetchRecord

if TYPE_CHECKING:
    from django.db.models import Model

    from quell.lineage.builders import Builder

# What a number, a date or a key is counted as.
FIXED_SIZE = 8


class Load:
    """One relation that a fetch loaded beforehand for rows that share an alias."""

    __slots__ = (
        "by", "is_by_hand", "is_used", "owner", "path", "related", "row_count", "statements", "to_attr"
    )  # fmt: skip

    def __init__(self, by: Literal["join", "prefetch"], owner: FetchRecord, path: tuple[str, ...]) -> None:
        self.by = by
        # The fetch whose queryset asked for it, and the lookup from there.
        self.owner = owner
        self.path = path
        self.to_attr = ""
        self.is_by_hand = False
        self.is_used = False
        self.row_count = 0
        self.related: list[Usage] = []
        self.statements: set[int] = set()

    def add(self, usage: "Usage") -> None:
        """Note the rows that were loaded for it."""
        if usage not in self.related:
            self.related.append(usage)
            if self.by == "prefetch":
                self.statements.add(usage.alias.fetch.number)


class Usage:
    """What rows of one fetch, behind one path of joins, hold, and what was read of them."""

    __slots__ = (
        "alias", "builder", "columns", "constructed", "fixed_size", "is_bare", "is_exact", "joins", "keys", "loads",
        "model", "reads", "row_count", "sizes",
    )  # fmt: skip

    def __init__(self, alias: FetchAlias, *, is_bare: bool, is_exact: bool) -> None:
        self.alias = alias
        self.model = alias.model
        # Who built the queryset, where recorded plans ask for it.
        self.builder: Builder | None = None
        # Whether select_related() named no relation, and whether the columns decide which rows there are.
        self.is_bare = is_bare
        self.is_exact = is_exact
        self.row_count = 0
        self.fixed_size = 0
        self.columns: tuple[Column, ...] = ()
        self.sizes: dict[str, int] = {}
        self.reads: set[str] = set()
        # Foreign keys that were read; only in a recording, as Django itself reads them on its way.
        self.keys: set[str] = set()
        # What was read before a row knew where it came from: in its constructor, or by a receiver of post_init.
        self.constructed: set[tuple[type[Model], str]] = set()
        self.loads: dict[str, Load] = {}
        self.joins: tuple[tuple[str, Usage], ...] = ()

    @property
    def byte_count(self) -> int:
        """Return the bytes of all rows; what does not vary in size counts as a fixed number each."""
        return sum(self.sizes.values()) + self.fixed_size * self.row_count

    def is_read(self, name: str) -> bool:
        """Tell whether a column was read on any row."""
        return (
            name in self.reads
            or name in self.keys
            or (self.model._meta.concrete_model, name) in self.constructed
        )

    @property
    def is_touched(self) -> bool:
        """Tell whether anything of the rows was used: a column that is no key, or a relation."""
        return bool(self.reads or self.constructed) or any(load.is_used for load in self.loads.values())

    def measure(self, row: "Model") -> None:
        """Count a row and the bytes of its columns."""
        values = row.__dict__
        if not self.row_count:
            self._begin(row)
        self.row_count += 1
        sizes = self.sizes
        for name in sizes:
            sizes[name] += size_of(values.get(name))

    def _begin(self, row: "Model") -> None:
        # All rows of a fetch hold the same columns.
        self.columns = tuple(column for column in columns_of(type(row)) if column.name in row.__dict__)
        self.sizes = {column.name: 0 for column in self.columns if column.is_sized}
        self.fixed_size = FIXED_SIZE * (len(self.columns) - len(self.sizes))

    def use_everything(self) -> None:
        """Note that somebody took whole rows, such as a pickle."""
        self.reads.update(column.name for column in self.columns)
        self.keys.update(column.name for column in self.columns)
        for load in self.loads.values():
            load.is_used = True


class Profile:
    """What one scope saw being loaded and used; beyond its limit it can tell nothing, and says so."""

    __slots__ = ("is_complete", "limit", "usages")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.usages: list[Usage] = []
        self.is_complete = True

    def add(self, usage: Usage) -> None:
        """Take in what a fetch loads."""
        if len(self.usages) < self.limit:
            self.usages.append(usage)
        else:
            self.is_complete = False


def size_of(value: Any) -> int:
    """Return the length of a value: of text and bytes their own, of JSON that of its text."""
    if value is None:
        return 0
    if isinstance(value, (str, bytes, bytearray)):
        return len(value)
    if isinstance(value, memoryview):
        return value.nbytes
    if isinstance(value, (dict, list, tuple)):
        return len(json.dumps(value, default=str, ensure_ascii=False, skipkeys=True))
    return len(str(value)) if isinstance(value, (int, float)) else FIXED_SIZE


def usage_of(row: Any) -> Usage | None:
    """Return what is kept about a row, or ``None`` for one that no profile saw loading."""
    alias = row._state.db
    return alias.usage if type(alias) is FetchAlias else None
