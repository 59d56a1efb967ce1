"""What the source says at a line: the call chain behind a related manager, as it was written."""

import ast
import linecache
from collections.abc import Iterator

from quell.events import Location


def chain_behind(trigger: Location | None, accessor: str) -> str:
    """
    Return the calls that a line makes on a related manager, such as ``.filter(is_public=True)[:3]``.

    Args:
        trigger: The line; a template has no source to read.
        accessor: The name of the manager, such as ``comments``.

    Returns:
        The source behind ``.comments``, or an empty string where the line does not spell it.
    """
    if trigger is None or not trigger.file.endswith(".py"):
        return ""
    text = "".join(linecache.getlines(trigger.file))
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        # A file with a null byte is a ValueError before Python 3.12.
        return ""
    chains = [chain for node in _expressions_at(tree, trigger.line) for chain in _chains(node, accessor)]
    return max(chains, key=len, default="")


def _expressions_at(tree: ast.AST, line: int) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.expr) and node.lineno <= line <= (node.end_lineno or node.lineno):
            yield node


def _chains(node: ast.expr, accessor: str) -> Iterator[str]:
    """Yield the part of an expression that follows the accessor, if it is one chain of calls."""
    parts: list[str] = []
    while True:
        match node:
            case ast.Call(func=ast.Attribute(value=inner, attr=name)) if name != accessor:
                arguments = [*map(ast.unparse, node.args), *map(_keyword, node.keywords)]
                parts.append(f".{name}({', '.join(arguments)})")
                node = inner
            case ast.Subscript(value=inner, slice=index):
                parts.append(f"[{ast.unparse(index)}]")
                node = inner
            case ast.Attribute(attr=name) if name == accessor:
                yield "".join(reversed(parts))
                return
            case _:
                return


def _keyword(keyword: ast.keyword) -> str:
    value = ast.unparse(keyword.value)
    return f"{keyword.arg}={value}" if keyword.arg else f"**{value}"
