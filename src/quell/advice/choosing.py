"""
Whether a to-one relation is loaded by a join or by a query of its own: by what each way costs.

# Note [Join or separate]
A join sends the parent's columns with every row and builds an instance of it per row. A query of its own costs a
round trip, and then more per parent than a join does, because its key is collected, sent and matched again; but a
parent that many rows share is sent and built once. So a query of its own is cheaper where
``rows * join > round trip + parents * separate``. The figures below are microseconds, fitted to
``python -m benchmarks.join_or_prefetch``; SQLite, PostgreSQL and MariaDB agree on them well enough, because most of
the time is spent in Python.
"""

from collections.abc import Sequence

from django.db.models import Field, Model

from quell.findings import Load
from quell.introspection.relations import walk

# A statement by itself, with the latency of a database on another machine.
ROUND_TRIP_US = 1500.0
JOINED_ROW_US, JOINED_COLUMN_US = 3.4, 0.5
PARENT_US, PARENT_COLUMN_US = 15.5, 0.75
# What a column counts as: a value is long, or has to be parsed.
_WEIGHTS = {"TextField": 3.0, "BinaryField": 3.0, "JSONField": 6.0}


def is_separate_cheaper(row_count: int, parent_count: int, parent: type[Model]) -> bool:
    """
    Tell whether a query of its own loads the parents of some rows faster than a join.

    Args:
        row_count: The rows of one evaluation that have a parent.
        parent_count: How many distinct parents these have.
        parent: The model of the parents; its columns are what a join repeats.
    """
    # See Note [Join or separate].
    width = width_of(parent)
    join = row_count * (JOINED_ROW_US + JOINED_COLUMN_US * width)
    return join > ROUND_TRIP_US + parent_count * (PARENT_US + PARENT_COLUMN_US * width)


def width_of(model: type[Model]) -> float:
    """Return how many plain columns a row of the model is worth."""
    fields: Sequence[Field[object, object]] = model._meta.concrete_fields
    return sum(_WEIGHTS.get(field.get_internal_type(), 1.0) for field in fields)


def separate_paths(model: type[Model], loads: Sequence[Load]) -> tuple[str, ...]:
    """Return the hops that could be joined, and are loaded faster by a query of their own."""
    return tuple(load.path for load in loads if _is_better_separate(model, load))


def _is_better_separate(model: type[Model], load: Load) -> bool:
    relation = walk(model, load.path)[-1]
    if not relation.hop.can_join or relation.target is None:
        return False
    rows = load.row_count // load.evaluation_count
    return is_separate_cheaper(rows, min(load.distinct_count, rows), relation.target)
