"""What is in the tables: read whole, compared cell by cell, and put back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.core.management.color import no_style
from django.db import connection, connections, transaction

Row: TypeAlias = dict[str, Any]
# By table, then by primary key.
Tables: TypeAlias = dict[str, dict[Any, Row]]
Cell: TypeAlias = tuple[str, Any, str]


def read_tables() -> Tables:
    """Return every row of every table of the database, Django's own tables included."""
    tables: Tables = {}
    with connection.cursor() as cursor:
        for name in sorted(connection.introspection.table_names(cursor)):
            key = connection.introspection.get_primary_key_column(cursor, name)
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(name)}")
            columns = [column[0] for column in cursor.description]
            rows = [dict(zip(columns, values, strict=True)) for values in cursor.fetchall()]
            tables[name] = {row[str(key)]: row for row in rows}
    # A copy of this process must not share a connection with it.
    connections.close_all()
    return tables


def differences(one: Tables, other: Tables) -> set[Cell]:
    """Name each cell that differs; a row that only one of them has differs in all its cells."""
    found: set[Cell] = set()
    for name, rows in one.items():
        others = other[name]
        if rows == others:
            continue
        for key in rows.keys() | others.keys():
            left, right = rows.get(key, {}), others.get(key, {})
            found |= {
                (name, key, column)
                for column in left.keys() | right.keys()
                if column not in left or column not in right or left[column] != right[column]
            }
    return found


@dataclass(frozen=True, slots=True)
class Whole:
    """
    The tables after complete runs of one service, all from the same rows.

    Attributes:
        before: The tables that each run began with.
        after: The tables after one of them.
        generated: The cells that differ between complete runs, such as the time of day: nobody can know them.
    """

    before: Tables
    after: Tables
    generated: frozenset[Cell]

    @classmethod
    def of(cls, before: Tables, runs: Sequence[Tables]) -> "Whole":
        """
        Compare complete runs.

        Raises:
            ValueError: If they do not agree on which rows there are, or change nothing.
        """
        generated = set().union(*(differences(runs[0], run) for run in runs[1:]))
        if any(set(run[name]) != set(rows) for run in runs for name, rows in runs[0].items()):
            msg = "two complete runs made different rows, so there is nothing to compare a crash with"
            raise ValueError(msg)
        if runs[0] == before:
            msg = "a complete run changed nothing"
            raise ValueError(msg)
        return cls(before, runs[0], frozenset(generated))

    @property
    def written(self) -> list[str]:
        """The tables that a complete run changes."""
        return [name for name, rows in self.before.items() if rows != self.after[name]]

    def verdict(self, found: Tables) -> str:
        """Return ``"nothing"`` or ``"whole"``, or ``"HALF"`` for everything else."""
        if found == self.before:
            return "nothing"
        off = differences(self.after, found) - self.generated
        is_whole = not off and all(self._is_generated(cell, found) for cell in self.generated)
        return "whole" if is_whole else "HALF"

    def _is_generated(self, cell: Cell, found: Tables) -> bool:
        """Tell whether a cell that nobody can know was written at all."""
        value, before = _value(found, cell), _value(self.before, cell)
        return value is not None and (before is None or value != before)


def _value(tables: Tables, cell: Cell) -> Any:
    name, key, column = cell
    return tables[name].get(key, {}).get(column)


def put_back(wanted: Tables, found: Tables, numbered: Iterable[str]) -> None:
    """
    Give every table the rows that it had.

    Args:
        wanted: The rows to have.
        found: The rows that there are.
        numbered: Tables whose next key has to be what it was, too, so that equal runs make equal rows.
    """
    with connection.constraint_checks_disabled(), transaction.atomic():
        for name, rows in wanted.items():
            if rows != found[name]:
                _put_back_rows(name, rows, found[name])
    _renumber(sorted(numbered))
    connections.close_all()


def _put_back_rows(name: str, wanted: Mapping[Any, Row], found: Mapping[Any, Row]) -> None:
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        key = quote(str(connection.introspection.get_primary_key_column(cursor, name)))
        for gone in [pk for pk, row in found.items() if wanted.get(pk) != row]:
            cursor.execute(f"DELETE FROM {quote(name)} WHERE {key} = %s", [gone])
        for row in [row for pk, row in wanted.items() if found.get(pk) != row]:
            columns = ", ".join(map(quote, row))
            values = ", ".join(["%s"] * len(row))
            cursor.execute(f"INSERT INTO {quote(name)} ({columns}) VALUES ({values})", list(row.values()))


def _renumber(names: Sequence[str]) -> None:
    if connection.vendor == "postgresql":
        statements = [
            f"SELECT setval(pg_get_serial_sequence('{connection.ops.quote_name(name)}', 'id'), "
            f"coalesce((SELECT max(id) FROM {connection.ops.quote_name(name)}), 0) + 1, false)"
            for name in names
            if _has_id(name)
        ]
    else:
        # Both go on behind the highest key that there is.
        sequences = [{"table": name, "column": "id"} for name in names]
        statements = connection.ops.sequence_reset_by_name_sql(no_style(), sequences)
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _has_id(name: str) -> bool:
    with connection.cursor() as cursor:
        return connection.introspection.get_primary_key_column(cursor, name) == "id"
