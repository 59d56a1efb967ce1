"""Modules as syntax trees, read once for all findings, and what of them a line is a part of."""

import ast
import linecache
from collections import deque
from collections.abc import Iterator
from functools import lru_cache

from quell.events import Location


def tree_of(spot: Location | None) -> ast.Module | None:
    """Return the module that a line is in; ``None`` for a template, and for what is no Python."""
    if spot is None or not spot.file.endswith(".py"):
        return None
    return _parsed("".join(linecache.getlines(spot.file)))


@lru_cache(maxsize=32)
def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        # A file with a null byte is a ValueError before Python 3.12.
        return None


@lru_cache(maxsize=256)
def nodes_at(tree: ast.Module, line: int) -> tuple[ast.AST, ...]:
    """Return the statements and expressions that span a line, the outer ones first."""
    return tuple(_walk(tree, line))


def _walk(tree: ast.Module, line: int) -> Iterator[ast.AST]:
    waiting: deque[ast.AST] = deque([tree])
    while waiting:
        node = waiting.popleft()
        if isinstance(node, ast.stmt | ast.expr):
            if spans(node, line):
                yield node
            elif not _is_decorated(node, line):
                continue
        waiting.extend(ast.iter_child_nodes(node))


def spans(node: ast.stmt | ast.expr, line: int) -> bool:
    """Tell whether a line is one of a node's."""
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def _is_decorated(node: ast.AST, line: int) -> bool:
    """Tell whether a line is a decorator's: a function begins behind them."""
    return any(spans(decorator, line) for decorator in getattr(node, "decorator_list", ()))


def expressions_at(tree: ast.Module, line: int) -> Iterator[ast.expr]:
    """Yield the expressions that span a line, the outer ones first."""
    return (node for node in nodes_at(tree, line) if isinstance(node, ast.expr))
