"""The arguments of a call in the source, and how others are added behind them."""

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from quell.management.fixing.source import Edit
from quell.management.fixing.tree import Tree


@dataclass(frozen=True, slots=True)
class Argument:
    """
    One argument.

    ``text`` is its value if that is a plain text, and else ``None``. ``prefetch_to`` is what a lookup is told apart
    by, as far as the source tells.
    """

    code: str
    start: int
    end: int
    keyword: str = ""
    text: str | None = None
    prefetch_to: str = ""


def read_arguments(tree: Tree, call: cst.Call) -> list[Argument]:
    """Return the arguments of a call, in order."""
    return [_read(tree, argument) for argument in call.args]


def _read(tree: Tree, argument: cst.Arg) -> Argument:
    value = argument.value
    text = plain_text(value) if not argument.star and argument.keyword is None else None
    return Argument(
        code=argument.star + tree.code(value),
        start=tree.start(value),
        end=tree.end(value),
        keyword=argument.keyword.value if argument.keyword is not None else "",
        text=text,
        prefetch_to=text or _prefetch_to(value),
    )


def plain_text(node: cst.CSTNode) -> str | None:
    """Return the value of a text, if it is one."""
    if not isinstance(node, cst.SimpleString | cst.ConcatenatedString):
        return None
    value = node.evaluated_value
    return value if isinstance(value, str) else None


def _prefetch_to(node: cst.BaseExpression) -> str:
    if not isinstance(node, cst.Call) or not node.args:
        return ""
    named = {item.keyword.value: item.value for item in node.args if item.keyword is not None}
    path = plain_text(named.get("lookup", node.args[0].value)) or ""
    attribute = named.get("to_attr")
    if attribute is None:
        return path
    way, separator, _ = path.rpartition("__")
    return f"{way}{separator}{plain_text(attribute) or ''}"


def append_arguments(tree: Tree, call: cst.Call, codes: Sequence[str]) -> list[Edit]:
    """Return the change that adds arguments behind those of a call, on lines of their own where those are."""
    if not call.args:
        end = tree.end(call) - 1
        return [Edit(end, end, ", ".join(codes))]
    is_block = tree.first_line(call.args[0]) != tree.first_line(_opening(call))
    return append_items(tree, call.args, tree.end(call), codes, is_block=is_block)


def append_items(
    tree: Tree,
    items: Sequence[cst.Arg | cst.BaseElement],
    closing: int,
    codes: Sequence[str],
    *,
    is_block: bool,
) -> list[Edit]:
    """
    Return the change that adds code behind the items of a call, a tuple or a list.

    Args:
        tree: The module.
        items: Those that are there, one at least.
        closing: The offset behind what closes them.
        codes: What to add.
        is_block: Whether they stand on lines of their own.
    """
    last = items[-1]
    # Behind the parentheses that the item itself may have.
    end = tree.end(last)
    if not is_block:
        return [Edit(end, end, "".join(f", {code}" for code in codes))]
    indent = tree.source.newline + tree.source.indent_at(tree.start(items[0]))
    # Behind a comment that belongs to the last item.
    behind = tree.source.line_end(end)
    if isinstance(last.comma, cst.MaybeSentinel) or behind >= closing:
        return [Edit(end, end, "".join(f",{indent}{code}" for code in codes))]
    return [Edit(behind, behind, "".join(f"{indent}{code}," for code in codes))]


def _opening(call: cst.Call) -> cst.CSTNode:
    """Return what stands directly in front of the opening parenthesis."""
    return call.func.attr if isinstance(call.func, cst.Attribute) else call.func


def _end_with_parentheses(tree: Tree, call: cst.Call, argument: cst.Arg) -> int:
    """Return the offset behind an argument, where its own parentheses have ended."""
    return tree.start(argument) + len(
        tree.code(argument.with_changes(comma=cst.MaybeSentinel.DEFAULT)).rstrip()
    )
