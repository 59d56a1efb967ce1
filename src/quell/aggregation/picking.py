"""Picked values to SQL: the first row by an ordered query, several or those of groups by a window."""

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from django.db.models import F, IntegerField, Model, Value
from django.db.models.constants import LOOKUP_SEP
from django.db.models.expressions import OrderBy
from django.db.models.lookups import IsNull

from quell.aggregation.compiling import (
    NO_KEYS,
    Column,
    Piece,
    columns_of,
    compile_part,
    grouped_query,
    refusing,
    restrict,
)
from quell.aggregation.conditions import Scope, conjuncts, without_joins
from quell.aggregation.functions import RowCount
from quell.aggregation.numbers import Number, key_of
from quell.aggregation.parts import Form, Part
from quell.aggregation.picks import COUNT, PLACE, Pick, Top
from quell.aggregation.references import paths_of, relations_of, resolve
from quell.aggregation.rows import Rows, start
from quell.exceptions import UsageError

# Note [Picked values]
# The first of all rows is what an ordered query returns, which an index may serve. Several values, or those of each
# group, are numbered by ROW_NUMBER() over the groups, which every database has; the statement returns a row for each,
# and values keep their types. So a statement that has some is a UNION ALL, as one of groups is.

_ROWS = Number(RowCount(Value(1)), (), frozenset(), None)


def read_pick(model: type[Model], name: str, pick: Pick, known: frozenset[str] = frozenset()) -> Number:
    """
    Bring what is to be picked into the form that is planned.

    Raises:
        UsageError: If it names an unknown field, picks an aggregate, or is ordered by another relation.
    """
    nodes = [pick.source, *(item for item, _ in pick.order)]
    if any(getattr(node, "contains_aggregate", False) for node in nodes):
        msg = f'"{name}" of {model._meta.label} picks an aggregate; it takes what each row has by itself'
        raise UsageError(msg)
    joined = frozenset[str]().union(*(relations_of(model, node, known) for node in nodes))
    _deepest(model, name, joined)
    asked = [] if pick.filter is None else [pick.filter]
    conditions = [
        found for item in asked for found in conjuncts(without_joins(Scope(model, joined, known), item))
    ]
    paths = {path for node in (*nodes, *asked) for path in paths_of(node)}
    is_generic = any(
        resolve(model, path).is_generic for path in paths if path.split(LOOKUP_SEP)[0] not in known
    )
    conditions += _present(model, name, pick, joined)
    return Number(pick, tuple(conditions), joined, key_of(pick.identity), is_generic)


def _deepest(model: type[Model], name: str, joined: frozenset[str]) -> str:
    """Return the relation whose rows are ordered, or nothing for those of the model."""
    chain = sorted(joined, key=len)
    for outer, inner in pairwise(chain):
        if not inner.startswith(f"{outer}{LOOKUP_SEP}"):
            msg = (
                f'"{name}" of {model._meta.label} picks from rows of "{outer}" and "{inner}" at once; order by the '
                "relation that the value comes from"
            )
            raise UsageError(msg)
    return chain[-1] if chain else ""


def _present(model: type[Model], name: str, pick: Pick, joined: frozenset[str]) -> Iterator[Any]:
    """Yield what is true where there is something to pick: a related row, and but for a single row a value."""
    relation = _deepest(model, name, joined)
    if relation:
        yield (f"{relation}__isnull", False)
    path = next(paths_of(pick.source), "") if isinstance(pick.source, F) else ""
    if pick.is_single or path in {"pk", relation}:
        return
    yield (f"{path}__isnull", False) if path else IsNull(pick.source, rhs=False)


def compile_any(part: Part, rows: Rows, connection: Any, keys: Mapping[str, Any] = NO_KEYS) -> Piece:
    """Compile a part, of numbers that are computed or of a picked one; see ``compile_part()``."""
    if not part.is_picked:
        return compile_part(part, rows, connection, keys)
    ((name, number),) = part.numbers.items()
    with refusing(rows.model):
        if number.aggregate.is_single and not keys:
            return _first(name, number, rows, connection)
        return _numbered(name, number, rows, connection, keys)


def _first(name: str, number: Number, rows: Rows, connection: Any) -> Piece:
    query = start(rows)
    order_rows(query, name, number, rows.model)
    compiler = query.get_compiler(connection=connection, elide_empty=False)
    sql, params = compiler.as_sql()
    # So that there is a row in any case.
    sql = f"SELECT ({sql}) AS {connection.ops.quote_name(name)}"
    return Piece(sql, tuple(params), tuple(columns_of(compiler, query, [name])), Form.SCALAR)


def order_rows(query: Any, name: str, number: Number, model: type[Model]) -> None:
    """Let a query return what is picked, in order, one row at most."""
    order = _add(query, name, number, model, {})
    query.set_annotation_mask({name})
    query.add_ordering(
        *(
            OrderBy(F(column), descending=is_descending, nulls_last=may_be_null or None)
            for column, is_descending, may_be_null in order
        )
    )
    query.set_limits(high=1)


def _add(
    query: Any, name: str, number: Number, model: type[Model], keys: Mapping[str, Any]
) -> list[tuple[str, bool, bool]]:
    """Add what is picked and what it is ordered by; return the columns of those, and how each of them orders."""
    pick: Pick = number.aggregate
    before = frozenset(query.alias_map)
    relation = _deepest(model, name, number.joined)
    prefix = f"{relation}{LOOKUP_SEP}" if relation else ""
    target = resolve(model, relation).field.path_infos[-1].to_opts.model if relation else model
    order = [
        (f"order_{position}_", item, is_descending, _may_be_null(model, number, item))
        for position, (item, is_descending) in enumerate(pick.order)
    ]
    order += [
        (f"tie_{position}_", F(f"{prefix}{field.attname}"), pick.is_backwards, False)
        for position, field in enumerate(target._meta.pk_fields)
    ]
    for column, expression in (*keys.items(), (name, pick.source), *(item[:2] for item in order)):
        query.add_annotation(expression, column)
    restrict(query, number.conditions, before)
    return [(column, is_descending, may_be_null) for column, _, is_descending, may_be_null in order]


def _may_be_null(model: type[Model], number: Number, item: Any) -> bool:
    """Tell whether a row may have nothing to order it by; where it may not, an index serves the order as it is."""
    if not isinstance(item, F):
        return True
    (path,) = paths_of(item)
    if LOOKUP_SEP in path and path.rpartition(LOOKUP_SEP)[0] not in number.joined:
        return True
    try:
        field = resolve(model, path).field
    except UsageError:
        # An annotation of the queryset.
        return True
    return bool(getattr(field, "null", True))


def _numbered(name: str, number: Number, rows: Rows, connection: Any, keys: Mapping[str, Any]) -> Piece:
    """Return a row for each value, with its place in its group."""
    pick: Pick = number.aggregate
    own = [*keys, name]
    if isinstance(pick, Top):
        part = Part(numbers={COUNT: _ROWS}, hoisted=number.conditions)
        query = grouped_query(part, rows, {**keys, name: pick.source})
        own.append(COUNT)
        order = [(COUNT, True, False), (name, False, False)]
    else:
        query = start(rows)
        order = _add(query, name, number, rows.model, keys)
    compiler = query.get_compiler(connection=connection, elide_empty=False)
    sql, params = compiler.as_sql()
    quote = connection.ops.quote_name
    chosen = ", ".join(f"{quote('p')}.{quote(column)}" for column in own)
    within = ", ".join(quote(column) for column in keys)
    place = (
        f"ROW_NUMBER() OVER ({f'PARTITION BY {within} ' if within else ''}ORDER BY {_ordering(order, quote)})"
    )
    sql = (
        f"SELECT {chosen}, {quote('p')}.{quote(PLACE)} FROM (SELECT {', '.join(map(quote, own))}, "
        f"{place} AS {quote(PLACE)} FROM ({sql}) {quote('g')}) {quote('p')}"
    )
    if pick.limit is not None:
        sql = f"{sql} WHERE {quote('p')}.{quote(PLACE)} <= {pick.limit}"
    columns = (*columns_of(compiler, query, own), Column(PLACE, Value(0, output_field=IntegerField()), ()))
    return Piece(sql, tuple(params), columns, Form.LIST, (name, pick))


def _ordering(order: list[tuple[str, bool, bool]], quote: Callable[[str], str]) -> str:
    return ", ".join(
        f"{f'{quote(column)} IS NULL, ' if may_be_null else ''}{quote(column)} {'DESC' if is_descending else 'ASC'}"
        for column, is_descending, may_be_null in order
    )
