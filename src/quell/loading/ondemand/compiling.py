"""
One statement in the place of those that peers would run, and the rows that each of these would get.

# Note [Exact partition]
Of a query without a limit, the rows for some owners together are those for each of them alone, as every row has one
value in the column of the tie, and all else in the query is the same. That column is selected last, so it takes part
in DISTINCT and GROUP BY, which then work within each owner. A limit becomes a row number per owner. A query with two
ties, as in ``ticket.votes.filter(user=user)``, is for each pair of owners what another is for each owner.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

from django.db.models.expressions import Ref
from django.db.models.lookups import In
from django.db.models.sql.where import WhereNode

from quell.loading.batching import CannotBatch, required_nodes

# The stubs leave out what queries are made of.
Query: TypeAlias = Any
Compiler: TypeAlias = Any
Condition: TypeAlias = Any
Statement: TypeAlias = tuple[str, Sequence[Any]]

# How a prefetch of a many-to-many relation selects the key of the owner.
_PREFETCH_COLUMN = "_prefetch_related_val_"
_OWNER = "quell_owner"
_RANK = "quell_rank"


class Tie(In):
    """The condition that names the owners; masked, it names none, so that the queries of all peers read alike."""

    is_masked = True

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """Return the condition, or a text in its place."""
        if not self.is_masked:
            return super().as_sql(compiler, connection)
        sql, params = self.process_lhs(compiler, connection)
        return f"{sql} = <owner>", tuple(params)


def refusal(query: Query) -> str:
    """Return why a query means another thing for many owners than for one; nothing where it does not."""
    inner = getattr(query, "inner_query", None) or query
    is_extra = inner.extra_tables or not all(name.startswith(_PREFETCH_COLUMN) for name in inner.extra)
    if inner.combinator or inner.distinct_fields or is_extra:
        return "union(), distinct() on columns and extra() have no batch"
    if inner.select_for_update or inner.explain_info:
        return "a lock has no batch"
    if any(item.contains_over_clause for item in inner.annotations.values()):
        return "a window function has no batch"
    if inner.where.contains_over_clause or inner.where.contains_aggregate:
        return "a filter on an aggregate has no batch"
    is_distinct = inner.distinct and not is_existence(inner)
    if inner.is_sliced and (inner is not query or is_distinct or inner.group_by is not None):
        return "a slice of distinct or grouped rows has no batch"
    return ""


def masked(query: Query, conditions: Sequence[Condition]) -> tuple[Query, tuple[Tie, ...]]:
    """Return a copy of a query with ties that can name any owners, in the place of conditions that name one."""
    copy = query.clone()
    inner = copy
    if getattr(query, "inner_query", None) is not None:
        inner = copy.inner_query = query.inner_query.clone()
    ties = tuple(Tie(condition.lhs, ()) for condition in conditions)
    for condition, tie in zip(conditions, ties, strict=True):
        _replace(inner.where, condition, tie)
    return copy, ties


def _replace(where: WhereNode, tie: Condition, made: Tie) -> None:
    # The stubs know nothing of lookups as children.
    nodes: list[Any] = list(required_nodes(where))
    for node in nodes:
        for position, child in enumerate(node.children):
            if child is tie:
                node.children[position] = made
                return
    msg = "the condition that ties the rows to their owner was not found"
    raise CannotBatch(msg)


def statement_for(
    copy: Query, ties: Sequence[Tie], keys: Sequence[Sequence[Any]], compiler: Compiler
) -> Statement:
    """
    Return the statement for all these owners; the last columns of its rows name the owner by each tie.

    Args:
        copy: The masked query, which this changes.
        ties: Its ties.
        keys: The owners by each of them.
        compiler: The one that was to run.

    Raises:
        EmptyResultSet: If no row can match.
    """
    for tie, owners in zip(ties, keys, strict=True):
        tie.is_masked = False
        tie.rhs = list(owners)
    if getattr(copy, "inner_query", None) is not None:
        return _over_subquery(copy, ties, compiler)
    if copy.is_sliced and is_existence(copy):
        copy.clear_limits()
        copy.distinct = True
    elif copy.is_sliced and any(_has_one_row(copy, tie) for tie in ties):
        copy.clear_limits()
    elif copy.is_sliced:
        return _ranked(copy, ties, compiler)
    elif is_aggregate(copy):
        copy.group_by = tuple(map(owner_column, ties))
    found: Statement = _selecting(copy, compiler, [(tie, "") for tie in ties]).as_sql()
    return found


def _owners(ties: Sequence[Tie]) -> list[tuple[Tie, str]]:
    """Return each tie with the name of the column that names its owner."""
    return [(tie, f"{_OWNER}_{number}" if number else _OWNER) for number, tie in enumerate(ties)]


def owner_column(tie: Condition) -> Any:
    """Return the column that names the owner; only this one knows the converters of the key it refers to."""
    return tie.lhs.target.get_col(tie.lhs.alias)


def is_aggregate(query: Query) -> bool:
    """Tell whether a query has one row, however many match."""
    if getattr(query, "inner_query", None) is not None:
        return True
    annotations = query.annotation_select.values()
    has_columns = query.default_cols or query.select
    return not has_columns and query.group_by is None and any(item.contains_aggregate for item in annotations)


def is_existence(query: Query) -> bool:
    """Tell whether a query asks for nothing but whether there is a row."""
    is_bare = not query.default_cols and not query.select and list(query.annotation_select) == ["a"]
    return is_bare and query.low_mark == 0 and query.high_mark == 1 and not query.order_by


def _has_one_row(query: Query, tie: Tie) -> bool:
    """Tell whether a limit, as that of ``get()``, cuts nothing off: the tie names a row by its key."""
    target = tie.lhs.target
    is_base = tie.lhs.alias == query.base_table and target.unique
    is_alone = sum(1 for count in query.alias_refcount.values() if count) == 1
    return bool(is_base and is_alone and query.low_mark == 0)


def _selecting(query: Query, compiler: Compiler, extras: Sequence[tuple[Any, str]]) -> Compiler:
    """Return a compiler that selects more columns, behind all others."""
    made = query.get_compiler(using=compiler.using, elide_empty=compiler.elide_empty)
    made.connection = compiler.connection
    own = made.get_extra_select

    def get_extra_select(order_by: Any, select: Any) -> Any:
        found = list(own(order_by, select))
        for item, alias in extras:
            expression = owner_column(item) if isinstance(item, Tie) else item
            found.append((expression, made.compile(expression), alias or None))
        return found

    made.get_extra_select = get_extra_select
    return made


def _over_subquery(copy: Query, ties: Sequence[Tie], compiler: Compiler) -> Statement:
    outer = copy.get_compiler(using=compiler.using, elide_empty=compiler.elide_empty)
    columns, params = [], []
    for annotation in copy.annotation_select.values():
        sql, own = annotation.select_format(outer, *outer.compile(annotation))
        columns.append(sql)
        params.extend(own)
    # Of a subquery that selects more than it was asked for, Django would drop the rest.
    copy.inner_query.subquery = False
    extras = _owners(ties)
    inner, inner_params = _selecting(copy.inner_query, compiler, extras).as_sql(with_col_aliases=True)
    owners = [compiler.connection.ops.quote_name(name) for _, name in extras]
    sql = f"SELECT {', '.join([*columns, *owners])} FROM ({inner}) subquery GROUP BY {', '.join(owners)}"
    return sql, (*params, *inner_params)


def _ranked(copy: Query, ties: Sequence[Tie], compiler: Compiler) -> Statement:
    """Return the statement with a row number per owner in the place of the limit."""
    low, high = copy.low_mark, copy.high_mark
    copy.clear_limits()
    ordering = _ordering(copy, compiler)
    copy.clear_ordering(force=True)
    quote = compiler.connection.ops.quote_name
    made = _selecting(copy, compiler, [(_RowNumber(ties, ordering), _RANK), *_owners(ties)])
    inner, params = made.as_sql(with_col_aliases=True)
    rank = quote(_RANK)
    bounds = [f"{rank} > {low:d}"] if low else []
    bounds += [f"{rank} <= {high:d}"] if high is not None else []
    where = " AND ".join(bounds)
    return f"SELECT * FROM ({inner}) quell_rows WHERE {where} ORDER BY {rank}", params


def _ordering(copy: Query, compiler: Compiler) -> Statement:
    made = copy.get_compiler(using=compiler.using)
    made.setup_query()
    parts, params = [], []
    for expression, (text, values, is_reference) in made.get_order_by():
        sql, own = text, values
        if is_reference:
            # A name of the SELECT clause means nothing within a window.
            item = expression.copy()
            item.set_source_expressions(
                [_without_reference(child) for child in item.get_source_expressions()]
            )
            sql, own = made.compile(item)
        parts.append(sql)
        params.extend(own)
    if not parts:
        # The database gives its first rows, which are most often those of the lowest keys.
        sql, own = made.compile(copy.model._meta.pk.get_col(copy.get_initial_alias()))
        parts.append(sql)
        params.extend(own)
    return ", ".join(parts), params


def _without_reference(expression: Any) -> Any:
    # An attribute that the stubs leave out.
    return vars(expression)["source"] if isinstance(expression, Ref) else expression


class _RowNumber:
    """A row number within each owner, from an order that is compiled already."""

    def __init__(self, ties: Sequence[Tie], ordering: Statement) -> None:
        self._ties, self._by = ties, ordering

    def as_sql(self, compiler: Any, connection: Any) -> Statement:
        """Return the expression, for a compiler."""
        owners = [compiler.compile(owner_column(tie)) for tie in self._ties]
        order, order_params = self._by
        names = ", ".join(sql for sql, _ in owners)
        params = [param for _, own in owners for param in own]
        return f"ROW_NUMBER() OVER (PARTITION BY {names} ORDER BY {order})", (*params, *order_params)
