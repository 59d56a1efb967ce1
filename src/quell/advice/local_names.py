"""What the names of a function stand for, where it sets them once."""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from quell.advice.reading import nodes_at

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# Lookups and conditions of Django, which mean the same wherever they stand.
_CONDITIONS = frozenset({"F", "Q", "Now", "TruncDate", "Lower", "Upper", "Length"})


@dataclass(frozen=True, slots=True)
class Names:
    """
    The names that a function sets.

    ``values`` has the expression of each that is set once; of all others, and of arguments, nobody can tell.
    """

    values: Mapping[str, ast.expr]
    others: frozenset[str]

    def is_static(self, node: ast.expr) -> bool:
        """Tell whether an expression means the same wherever the module writes it, and whenever."""
        if isinstance(node, ast.Name):
            return node.id not in self.values and node.id not in self.others
        parts = _parts(node)
        return parts is not None and all(map(self.is_static, parts))

    def resolved(self, node: ast.expr) -> ast.expr:
        """Return an expression in whose place a name stands that the function sets once to a fixed value."""
        if isinstance(node, ast.Name) and node.id in self.values and self.is_static(self.values[node.id]):
            return self.values[node.id]
        return node


def names_around(tree: ast.Module, line: int) -> Names:
    """Return the names of the innermost function around a line; of a module there are none."""
    functions = [node for node in nodes_at(tree, line) if isinstance(node, _FUNCTIONS)]
    if not functions:
        return Names({}, frozenset())
    function = functions[-1]
    set_names = Counter(
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del)
    )
    set_names.update(item.arg for item in ast.walk(function.args) if isinstance(item, ast.arg))
    values = {name: value for node in ast.walk(function) for name, value in _assigned(node)}
    known = {name: value for name, value in values.items() if set_names[name] == 1}
    return Names(known, frozenset(set_names) - known.keys())


def _parts(node: ast.expr) -> list[ast.expr] | None:
    """Return what a fixed expression is made of; nothing for what may differ from one moment to another."""
    match node:
        case ast.Constant():
            return []
        case ast.Attribute(value=inner) | ast.UnaryOp(operand=inner):
            return [inner]
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            return items
        case ast.BinOp(left=left, right=right):
            return [left, right]
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=keywords) if name in _CONDITIONS:
            return [*arguments, *(keyword.value for keyword in keywords)]
    return None


def _assigned(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Yield each name that a statement sets, with its value, where the statement spells both."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            yield name, value
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            yield name, value
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
            if len(names) == len(values):
                yield from (
                    (name.id, value)
                    for name, value in zip(names, values, strict=True)
                    if isinstance(name, ast.Name)
                )
