"""The set of rows that a queryset stands for, as a part of a statement: each row once, whatever joins it made."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet, FieldError, FullResultSet
from django.db import NotSupportedError
from django.db.models import BooleanField, F, ForeignObject, Model, OneToOneRel, QuerySet
from django.db.models.expressions import Expression
from django.db.models.sql.where import WhereNode

from quell.exceptions import UsageError

# Note [Sets of rows]
# The condition of a plain queryset goes into each part of a statement as it is, where indexes serve it. Whatever may
# return a row twice, or fewer rows than its conditions say (a slice, a union, groups), is asked for its keys instead,
# inside of "key IN (SELECT ...)". The queryset is compiled once; the parts get its SQL as text, with marks for its
# parameters, so that the statement can be used again for another queryset of the same SQL.


@dataclass(frozen=True, slots=True)
class Mark:
    """Stands for a parameter of the rows in the parameters of a statement."""

    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """
    A set of rows of one model.

    Attributes:
        model: Its model.
        alias: The database.
        query: The query to add aggregates to; its condition is to be replaced by ``condition``.
        sql: The condition, empty for all rows.
        params: Its parameters.
        signature: Equal for sets whose statements differ in ``params`` alone.
    """

    model: type[Model]
    alias: str
    query: Any
    sql: str
    params: tuple[Any, ...]
    signature: tuple[Any, ...]

    @property
    def is_all(self) -> bool:
        """Tell whether each row of the table is in it."""
        return not self.sql and not self.signature[1]

    @property
    def annotations(self) -> frozenset[str]:
        """Return the names that the queryset has annotated, to which aggregates may refer."""
        return frozenset(self.query.annotations)

    @property
    def condition(self) -> "Condition":
        """Return the condition as an expression."""
        return Condition(self.sql, tuple(Mark(position) for position in range(len(self.params))))


class Condition(Expression):
    """A condition that is compiled already."""

    conditional = True
    output_field = BooleanField()

    def __init__(self, sql: str, params: Sequence[Any]) -> None:
        super().__init__()
        self.sql = sql
        self.params = tuple(params)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Return the text and the parameters."""
        return self.sql, self.params


def read_rows(queryset: QuerySet[Any, Any], connection: Any) -> Rows:
    """
    Read a queryset; it is neither evaluated nor changed.

    Raises:
        UsageError: If it returns no rows of its model, but values or groups.
    """
    query: Any = queryset.query
    if query.is_empty():
        return _none(queryset, connection)
    _refuse(queryset)
    if _is_plain(query):
        return _plain(queryset, connection)
    return _keys(queryset, connection)


def _refuse(queryset: QuerySet[Any, Any]) -> None:
    query: Any = queryset.query
    if not query.values_select and not isinstance(query.group_by, tuple) and not query.extra_tables:
        return
    if _selects_key(queryset) and not query.extra_tables:
        return
    if query.values_select and not query.distinct and query.group_by is None and not query.combinator:
        return
    msg = (
        f"this queryset of {queryset.model._meta.label} stands for values or groups of rows, and not for rows; give "
        "Statistics the queryset without values(), extra(tables=...) or grouping"
    )
    raise UsageError(msg)


def _selects_key(queryset: QuerySet[Any, Any]) -> bool:
    names = {name for field in queryset.model._meta.pk_fields for name in (field.name, field.attname)}
    query: Any = queryset.query
    return (
        bool(query.values_select)
        and set(query.values_select) <= names | {"pk"}
        and query.group_by is not True
    )


def _is_plain(query: Any) -> bool:
    if (
        query.is_sliced
        or query.combinator
        or query.group_by is not None
        or query.distinct_fields
        or query.extra_tables
    ):
        return False
    if any(_changes_rows(annotation) for annotation in query.annotations.values()):
        return False
    return all(_keeps_rows(query, alias) for alias in query.alias_map if query.alias_refcount[alias])


def _changes_rows(annotation: Any) -> bool:
    return bool(
        getattr(annotation, "contains_aggregate", True)
        or getattr(annotation, "contains_over_clause", True)
        or getattr(annotation, "set_returning", False)
    )


def _keeps_rows(query: Any, alias: str) -> bool:
    """Tell whether a table of a query is its first one, or joined by a relation that has one row at most."""
    join = query.alias_map[alias]
    field = getattr(join, "join_field", None)
    if field is None:
        return bool(join.parent_alias is None)
    if getattr(join, "filtered_relation", None) is not None:
        return False
    return isinstance(field, OneToOneRel) or (isinstance(field, ForeignObject) and bool(field.concrete))


def _plain(queryset: QuerySet[Any, Any], connection: Any) -> Rows:
    query = _bare(queryset)
    compiler = query.get_compiler(connection=connection, elide_empty=False)
    joins: tuple[Any, ...] = ()
    if sum(1 for count in query.alias_refcount.values() if count) > 1:
        clauses, params = compiler.get_from_clause()
        joins = (*clauses, repr(params))
    if not query.where.children:
        return _rows(queryset, connection, "", (), joins, query=query)
    try:
        sql, params = compiler.compile(query.where)
    except FullResultSet:
        sql, params = "", ()
    except EmptyResultSet:
        return _none(queryset, connection)
    return _rows(queryset, connection, sql, params, joins, query=query)


def _bare(queryset: QuerySet[Any, Any]) -> Any:
    """Return the query without what does not decide which rows it returns."""
    query: Any = queryset.query.chain()
    query.clear_ordering(force=True)
    query.clear_select_clause()
    query.distinct = False
    query.select_for_update = False
    return query


def _keys(queryset: QuerySet[Any, Any], connection: Any) -> Rows:
    model = queryset.model
    query: Any = queryset.query
    if not query.is_sliced and not query.distinct_fields:
        queryset = queryset.order_by()
    columns = [field.attname for field in model._meta.pk_fields]
    names = columns
    try:
        if query.distinct and query.is_sliced and not query.combinator and query.group_by is None:
            # What orders distinct rows is selected as well, and may be called like a key.
            names = [f"quell_{name}" for name in columns]
            inner: Any = queryset.values(**dict(zip(names, map(F, columns), strict=True))).query
        else:
            inner = queryset.values(*columns).query
        # So that Django adds no column by which rows are ordered.
        inner.subquery = True
        compiler = inner.get_compiler(connection=connection, elide_empty=False)
        sql, params = compiler.as_sql()
    except (FieldError, NotSupportedError) as error:
        msg = f"the rows of this queryset of {model._meta.label} cannot be told by their keys: {error}"
        raise UsageError(msg) from error
    except EmptyResultSet:
        return _none(queryset, connection)
    quote = connection.ops.quote_name
    outer = ", ".join(
        f"{quote(model._meta.db_table)}.{quote(field.column)}" for field in model._meta.pk_fields
    )
    chosen = ", ".join(f"{quote('chosen')}.{quote(name)}" for name in names)
    outer = outer if len(columns) == 1 else f"({outer})"
    # A subquery of its own, as MariaDB takes no LIMIT right behind IN.
    condition = f"{outer} IN (SELECT {chosen} FROM ({sql}) {quote('chosen')})"
    return _rows(queryset, connection, condition, params, (), query=_all(model))


def _none(queryset: QuerySet[Any, Any], connection: Any) -> Rows:
    # Annotations stay, as aggregates may name them.
    return _rows(queryset, connection, "0 = 1", (), (), query=_bare(queryset.order_by()))


def _all(model: type[Model]) -> Any:
    query = QuerySet(model).query
    # Not by the order of the model either: PostgreSQL orders no single row.
    query.clear_ordering(force=True)
    return query


def _rows(
    queryset: QuerySet[Any, Any],
    connection: Any,
    sql: str,
    params: Sequence[Any],
    joins: tuple[Any, ...],
    *,
    query: Any,
) -> Rows:
    return Rows(
        model=queryset.model,
        alias=connection.alias,
        query=query,
        sql=sql,
        params=tuple(params),
        signature=(sql, joins, tuple(_annotations(query, connection))),
    )


def _annotations(query: Any, connection: Any) -> Iterator[tuple[str, str, str]]:
    """Yield what annotations are, as numbers may name them and plans hold their SQL and their parameters."""
    if not query.annotations:
        return
    compiler = query.get_compiler(connection=connection, elide_empty=False)
    for name, annotation in query.annotations.items():
        try:
            sql, params = compiler.compile(annotation)
        except (EmptyResultSet, FullResultSet) as constant:
            sql, params = type(constant).__name__, ()
        yield name, sql, repr(params)


def start(rows: Rows) -> Any:
    """Return a query of the rows, with marks for the parameters, that selects nothing yet."""
    query = rows.query.chain()
    query.clear_select_clause()
    query.get_initial_alias()
    condition: Any = rows.condition
    query.where = WhereNode([condition] if rows.sql else [])
    return query
