"""What code does with a related manager at a line: the calls behind it, and whether they depend on the row."""

import ast
import builtins
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from quell.advice.reading import expressions_at, nodes_at, spans, tree_of
from quell.events import Location

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_NAMING = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler, ast.MatchAs, ast.MatchStar
)  # fmt: skip
MAX_EXPRESSION = 120  # characters; what is longer does not fit into one line of advice


@dataclass(frozen=True, slots=True)
class Step:
    """One call or slice of a chain; ``name`` is empty for a slice."""

    name: str
    arguments: tuple[ast.expr, ...] = ()
    keywords: tuple[ast.keyword, ...] = ()
    index: ast.expr | None = None

    @property
    def code(self) -> str:
        """Return the step as it is appended to an expression."""
        if self.index is not None:
            return f"[{ast.unparse(self.index)}]"
        inner = ", ".join([*map(ast.unparse, self.arguments), *map(_keyword, self.keywords)])
        return f".{self.name}({inner})"

    @property
    def names(self) -> frozenset[str]:
        """Return the names that its arguments read."""
        parts = [*self.arguments, *(keyword.value for keyword in self.keywords)]
        return frozenset(
            node.id for part in parts for node in ast.walk(part) if isinstance(node, ast.Name)
        ) - frozenset(vars(builtins))


@dataclass(frozen=True, slots=True)
class Chain:
    """
    The calls behind a related manager, as one expression spells them.

    ``varying_names`` are those that may mean something else for each row: what the code around the line sets. All
    others are the module's, also where it gets them by ``import *``.
    """

    steps: tuple[Step, ...] = ()
    varying_names: frozenset[str] = frozenset()

    @property
    def code(self) -> str:
        """Return the source of the chain."""
        return "".join(step.code for step in self.steps)

    def is_same_for_all(self, steps: Sequence[Step]) -> bool:
        """Tell whether some of its steps can be written where the queryset is built."""
        return not any(step.names & self.varying_names for step in steps)


def read_chain(spot: Location | None, accessor: str, *, origin: Location | None = None) -> Chain:
    """
    Return the longest chain of calls that a line makes on a related manager.

    Args:
        spot: The line; a template has no source to read.
        accessor: The name of the manager, such as ``comments``.
        origin: Where the queryset is built; names of a function that both lines are in are known there, too.
    """
    tree = tree_of(spot)
    if spot is None or tree is None:
        return Chain()
    found = [
        steps for node in expressions_at(tree, spot.line) if (steps := _steps(node, accessor)) is not None
    ]
    best = max(found, key=len, default=())
    if not best:
        return Chain()
    is_near = origin is not None and origin.file == spot.file
    local = _local_names(tree, origin.line, spot.line) if origin is not None and is_near else frozenset()
    return Chain(best, _set_around(tree, spot.line) - local)


def query_at(spot: Location | None, accessor: str = "objects") -> str:
    """
    Return the expression of a line that asks a manager, such as ``Book.objects.get(title=title)``.

    Args:
        spot: The line; a template has no source to read.
        accessor: The name of the manager: ``objects``, or a relation.
    """
    tree = tree_of(spot)
    if spot is None or tree is None:
        return ""
    found = [
        ast.unparse(node).replace("'", '"')
        for node in expressions_at(tree, spot.line)
        if _is_query(node, accessor) and _runs_over(node, accessor)
    ]
    return max((text for text in found if len(text) <= MAX_EXPRESSION), key=len, default="")


def is_static(spot: Location | None) -> bool:
    """Tell whether the function that a line is in belongs to no instance, although it is a class's."""
    tree = tree_of(spot)
    if spot is None or tree is None:
        return False
    functions = [node for node in nodes_at(tree, spot.line) if isinstance(node, _SCOPES[:2])]
    names = {ast.unparse(node) for node in functions[-1].decorator_list} if functions else set()
    return bool(names & {"staticmethod", "classmethod"})


def _is_query(node: ast.expr, accessor: str) -> bool:
    """Tell whether an expression is the relation itself, or a call or index; an attribute is what a row has."""
    is_relation = isinstance(node, ast.Attribute) and node.attr == accessor
    return is_relation or isinstance(node, ast.Call | ast.Subscript)


def _runs_over(node: ast.expr, accessor: str) -> bool:
    """Tell whether an expression is one chain of attributes, calls and indexes behind the accessor of a name."""
    inner: ast.expr | None = node
    while inner is not None:
        match inner:
            case ast.Attribute(attr=name) if name == accessor:
                return isinstance(inner.value, (ast.Name, ast.Attribute))
            case ast.Call(func=outer) | ast.Attribute(value=outer) | ast.Subscript(value=outer):
                inner = outer
            case _:
                inner = None
    return False


def calls_at(spot: Location | None, name: str) -> Iterator[ast.Call]:
    """Yield the calls of a method that a line makes, or that the statement around it makes."""
    tree = tree_of(spot)
    if spot is None or tree is None:
        return
    for statement in nodes_at(tree, spot.line):
        if isinstance(statement, ast.stmt) and not _has_body(statement):
            yield from _calls(statement, name)


def _calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name:
            yield node


def _has_body(statement: ast.stmt) -> bool:
    return bool(getattr(statement, "body", ()))


def _steps(node: ast.expr, accessor: str) -> tuple[Step, ...] | None:
    """Return what follows the accessor, or ``None`` where the expression is no chain behind it."""
    steps: list[Step] = []
    while True:
        match node:
            case ast.Call(func=ast.Attribute(value=inner, attr=name)) if name != accessor:
                steps.append(Step(name, tuple(node.args), tuple(node.keywords)))
                node = inner
            case ast.Subscript(value=inner, slice=index):
                steps.append(Step("", index=index))
                node = inner
            case ast.Attribute(attr=name) if name == accessor:
                return tuple(reversed(steps))
            case _:
                return None


@lru_cache(maxsize=256)
def _set_around(tree: ast.Module, line: int) -> frozenset[str]:
    """Return the names that the functions around a line set, or else the statement of the module that it is in."""
    around = nodes_at(tree, line)
    scopes = [node for node in around if isinstance(node, _SCOPES)] or around[:1]
    return frozenset(name for scope in scopes for node in ast.walk(scope) for name in _set_by(node))


def _set_by(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, _NAMING) and node.name:
        yield node.name


def _local_names(tree: ast.Module, origin: int, line: int) -> frozenset[str]:
    """Return what the function around both lines defines in front of the first, and no loop changes."""
    known: set[str] = set()
    changed: set[str] = set()
    for function in nodes_at(tree, origin):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and spans(function, line):
            arguments = function.args
            known |= {item.arg for item in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
            known |= {name for part in function.body if part.lineno <= origin for name in _defined(part)}
            changed |= {name for node in ast.walk(function) for name in _targets(node)}
    return frozenset(known - changed)


def _targets(node: ast.AST) -> Iterator[str]:
    """Yield the names that a loop, or a function in a function, gives another value each time, or changes."""
    if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        yield from (part.id for part in ast.walk(node.target) if isinstance(part, ast.Name))
    elif isinstance(node, ast.Lambda):
        yield from (item.arg for item in node.args.args)
    elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        yield node.target.id
    elif isinstance(node, ast.Expr):
        # A call for its effect, such as append().
        match node.value:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name))):
                yield name


def _defined(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            yield from ((item.asname or item.name).partition(".")[0] for item in names)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case ast.If() | ast.Try():
            for inner in statement.body:
                yield from _defined(inner)


def _keyword(keyword: ast.keyword) -> str:
    value = ast.unparse(keyword.value)
    return f"{keyword.arg}={value}" if keyword.arg else f"**{value}"
