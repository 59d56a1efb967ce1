"""The counts and aggregates that lines of a function ask, as their source spells them."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from quell.advice.chains import Step
from quell.advice.local_names import Names, names_around
from quell.advice.reading import nodes_at, tree_of
from quell.events import QueryEvent

_METHODS = frozenset({"count", "acount", "aggregate", "aaggregate"})
# What changes neither which rows there are nor what each of them has.
_NEUTRAL = frozenset({"all", "order_by", "select_related", "prefetch_related", "only", "defer"})


@dataclass(frozen=True, slots=True)
class Asked:
    """
    One call that asks for numbers.

    ``rows`` is what stands in front of the steps: a manager, or a queryset of which nobody can tell more. ``name`` is
    what the function calls the result, as far as it does.
    """

    rows: str
    steps: tuple[Step, ...]
    call: Step
    name: str
    names: Names


def read_asked(events: Sequence[QueryEvent]) -> tuple[Asked, ...]:
    """Return the calls behind statements, or none where one of them is not to be found in the source."""
    found: list[Asked] = []
    for spot, group in groupby(events, key=lambda event: event.trigger):
        same = list(group)
        tree = tree_of(spot)
        calls = list(_calls(tree, spot.line)) if tree is not None and spot is not None else []
        if tree is None or len(calls) != len(same):
            return ()
        found += (_read(tree, call) for call in calls)
    return tuple(found)


def _calls(tree: ast.Module, line: int) -> Iterator[ast.Call]:
    """Yield the calls whose method stands on a line, as they are evaluated."""
    found = [
        node
        for outer in nodes_at(tree, line)
        for node in ([outer] if isinstance(outer, ast.Call) else [])
        if isinstance(node.func, ast.Attribute)
        and node.func.attr in _METHODS
        and node.func.end_lineno == line
    ]
    yield from sorted(found, key=lambda node: node.end_col_offset or 0)


def _read(tree: ast.Module, call: ast.Call) -> Asked:
    line = call.func.end_lineno or call.lineno
    names = names_around(tree, line)
    assert isinstance(call.func, ast.Attribute)
    rows, steps = _chain(call.func.value, names)
    last = Step(call.func.attr.removeprefix("a"), tuple(call.args), tuple(call.keywords))
    return Asked(rows, steps, last, _name_of(tree, call), names)


def _chain(node: ast.expr, names: Names) -> tuple[str, tuple[Step, ...]]:
    """Return what a chain of calls starts from, and its calls; names that are set once are followed."""
    steps: list[Step] = []
    while True:
        match node:
            case ast.Call(func=ast.Attribute(value=inner, attr=name), args=arguments, keywords=keywords):
                if name not in _NEUTRAL:
                    steps.append(Step(name, tuple(arguments), tuple(keywords)))
                node = inner
            case ast.Name(id=name) if name in names.values:
                node = names.values[name]
            case _:
                return ast.unparse(node), tuple(reversed(steps))


def _name_of(tree: ast.Module, call: ast.Call) -> str:
    """Return what a function calls a result: a key, a variable, an argument."""
    inner: ast.AST = call
    for node in reversed(nodes_at(tree, call.lineno)):
        name = _given(node, inner)
        if name is not None:
            return re.sub(r"\W+", "_", name).strip("_").lower()
        if _wraps(node, inner):
            inner = node
    return ""


def _wraps(node: ast.AST, inner: ast.AST) -> bool:
    """Tell whether an expression is another one with something around it: an index, ``await``, ``or 0``."""
    return isinstance(node, ast.Subscript | ast.Await | ast.BoolOp) and inner in ast.iter_child_nodes(node)


def _given(node: ast.AST, inner: ast.AST) -> str | None:
    match node:
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if value is inner and isinstance(key, ast.Constant):
                    return str(key.value)
        case ast.Call(keywords=keywords):
            return next((item.arg for item in keywords if item.value is inner and item.arg), None)
        case ast.Assign(targets=[target], value=value) if value is inner:
            return _target_name(target)
    return None


def _target_name(target: ast.expr) -> str | None:
    match target:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(slice=ast.Constant(value=value)):
            return str(value)
    return None
