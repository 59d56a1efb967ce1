"""
The Python expression over prefetched rows that says what a call on their related manager asks the database for.

Only what means the same in both is translated: comparisons of the row's own columns, an order by columns that are
neither empty nor text, whose collation only the database knows.
"""

import ast
from dataclasses import dataclass, replace

from django.db.models import Model

from quell.advice.comparing import ORDERED, Untranslatable, column_of, condition, text_of
from quell.advice.manager_calls import Chain, Step, names_in

_EXTREMES = {"Max": "max", "Min": "min"}


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows that a chain has chosen so far."""

    model: type[Model]
    source: str
    name: str
    conditions: tuple[str, ...] = ()
    key: str = ""
    is_reversed: bool = False

    @property
    def test(self) -> str:
        return " and ".join(self.conditions)

    def each(self, value: str) -> str:
        """Return the inside of a comprehension, in order."""
        if self.key:
            return f"{value} for {self.name} in {self.listed()}"
        return f"{value} for {self.name} in {self.source}" + (f" if {self.test}" if self.conditions else "")

    def iterable(self) -> str:
        """Return an expression to walk over once, in the order of the rows."""
        return f"({replace(self, key='').each(self.name)})" if self.conditions else self.source

    def listed(self) -> str:
        """Return the rows, in order."""
        if self.key:
            order = ", reverse=True" if self.is_reversed else ""
            return f"sorted({self.iterable()}, key={self.function}{order})"
        return f"[{self.each(self.name)}]" if self.conditions else self.source

    @property
    def function(self) -> str:
        return f"lambda {self.name}: {self.key}"


def over_cache(chain: Chain, model: type[Model]) -> str:
    """
    Return the expression that gives what a chain of calls does, from the rows that its manager holds.

    Args:
        chain: The calls as the source spells them.
        model: The model of the rows.

    Returns:
        Such as ``[comment for comment in post.comments.all() if comment.is_public]``; an empty string where the
        database must decide.
    """
    name = str(model._meta.model_name)
    name = "row" if name in names_in(ast.parse(chain.manager or "x")) else name
    rows = _Rows(model, f"{chain.manager}.all()", name)
    try:
        for position, step in enumerate(chain.steps):
            plain = _plain(step)
            terminal = _TERMINALS.get(plain.name)
            if terminal is not None:
                # What follows is made of the result, not of rows.
                return terminal(rows, plain)
            if plain.name == "[]":
                return f"{rows.listed()}{step.code}" if position == len(chain.steps) - 1 else ""
            rows = _narrowed(rows, plain)
    except Untranslatable:
        return ""
    return rows.listed()


def _plain(step: Step) -> Step:
    """Return the step by its synchronous name: rows that are there need no waiting."""
    sync = step.name.removeprefix("a")
    return replace(step, name=sync) if step.name.startswith("a") and sync in _TERMINALS else step


def _narrowed(rows: _Rows, step: Step) -> _Rows:
    if step.name in {"all", "iterator", "aiterator"} or (step.name == "distinct" and not step.arguments):
        return rows
    if step.name == "filter" and not rows.key:
        return replace(rows, conditions=(*rows.conditions, *_conditions(rows, step)))
    if step.name == "exclude" and not rows.key:
        found = _conditions(rows, step)
        return replace(rows, conditions=(*rows.conditions, f"not ({' and '.join(found)})"))
    if step.name == "order_by" and len(step.arguments) == 1:
        return _ordered(rows, text_of(step.arguments[0]))
    if step.name == "reverse" and rows.key:
        return replace(rows, is_reversed=not rows.is_reversed)
    raise Untranslatable


def _conditions(rows: _Rows, step: Step) -> tuple[str, ...]:
    if step.arguments or not step.keywords or any(keyword.arg is None for keyword in step.keywords):
        raise Untranslatable
    return tuple(condition(rows.model, rows.name, str(key.arg), key.value) for key in step.keywords)


def _ordered(rows: _Rows, column: str) -> _Rows:
    field = column_of(rows.model, column.removeprefix("-"))
    if field.null or field.get_internal_type() not in ORDERED:
        raise Untranslatable
    return replace(rows, key=f"{rows.name}.{field.attname}", is_reversed=column.startswith("-"))


def _first(rows: _Rows, step: Step) -> str:
    return _end(rows, is_first=True)


def _last(rows: _Rows, step: Step) -> str:
    return _end(rows, is_first=False)


def _end(rows: _Rows, *, is_first: bool) -> str:
    if not rows.key and rows.model._meta.ordering:
        if is_first:
            return f"next({rows.iterable() if rows.conditions else f'iter({rows.source})'}, None)"
        return f"next(reversed({rows.listed()}), None)"
    chosen = rows if rows.key else replace(rows, key=f"{rows.name}.pk")
    extreme = "min" if is_first != chosen.is_reversed else "max"
    return f"{extreme}({chosen.iterable()}, key={chosen.function}, default=None)"


def _extreme(rows: _Rows, step: Step, name: str) -> str:
    columns = [text_of(argument) for argument in step.arguments]
    default = rows.model._meta.get_latest_by
    columns = columns or ([default] if isinstance(default, str) else list(default or ()))
    if len(columns) != 1:
        raise Untranslatable
    chosen = _ordered(rows, columns[0])
    name = {"max": "min", "min": "max"}[name] if chosen.is_reversed else name
    return f"{name}({chosen.iterable()}, key={chosen.function})"


def _latest(rows: _Rows, step: Step) -> str:
    return _extreme(rows, step, "max")


def _earliest(rows: _Rows, step: Step) -> str:
    return _extreme(rows, step, "min")


def _get(rows: _Rows, step: Step) -> str:
    chosen = _narrowed(rows, replace(step, name="filter"))
    return f"next({chosen.each(rows.name)})"


def _count(rows: _Rows, step: Step) -> str:
    return f"sum({replace(rows, key='').each('1')})" if rows.conditions else f"len({rows.source})"


def _exists(rows: _Rows, step: Step) -> str:
    if not rows.conditions:
        return f"bool({rows.source})"
    return f"any({rows.test} for {rows.name} in {rows.source})"


def _contains(rows: _Rows, step: Step) -> str:
    return f"{ast.unparse(step.arguments[0])} in {replace(rows, key='').listed()}"


def _values_list(rows: _Rows, step: Step) -> str:
    columns = [
        f"{rows.name}.{column_of(rows.model, text_of(argument)).attname}" for argument in step.arguments
    ]
    is_flat = any(keyword.arg == "flat" for keyword in step.keywords)
    if not columns or any(keyword.arg != "flat" for keyword in step.keywords):
        raise Untranslatable
    value = columns[0] if is_flat else f"({', '.join(columns)}{',' * (len(columns) == 1)})"
    return f"[{rows.each(value)}]"


def _values(rows: _Rows, step: Step) -> str:
    names = [text_of(argument) for argument in step.arguments]
    if not names or step.keywords:
        raise Untranslatable
    pairs = [f'"{name}": {rows.name}.{column_of(rows.model, name).attname}' for name in names]
    return f"[{rows.each('{' + ', '.join(pairs) + '}')}]"


def _in_bulk(rows: _Rows, step: Step) -> str:
    if step.arguments or step.keywords:
        raise Untranslatable
    return "{" + replace(rows, key="").each(f"{rows.name}.pk: {rows.name}") + "}"


def _aggregate(rows: _Rows, step: Step) -> str:
    parts = [*step.arguments, *(keyword.value for keyword in step.keywords)]
    match parts:
        case [ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[column], keywords=[])]:
            field = column_of(rows.model, text_of(column))
        case _:
            raise Untranslatable
    value = replace(rows, key="").each(f"{rows.name}.{field.attname}")
    if field.null or field.get_internal_type() not in ORDERED:
        raise Untranslatable
    if name in _EXTREMES:
        return f"{_EXTREMES[name]}(({value}), default=None)"
    if name == "Count":
        return _count(rows, step)
    if name == "Sum":
        return f"sum({value})"
    raise Untranslatable


_TERMINALS = {
    "first": _first,
    "last": _last,
    "latest": _latest,
    "earliest": _earliest,
    "get": _get,
    "count": _count,
    "exists": _exists,
    "contains": _contains,
    "values_list": _values_list,
    "values": _values,
    "in_bulk": _in_bulk,
    "aggregate": _aggregate,
}
