"""The changes that take out of a queryset what nothing uses."""

from collections.abc import Collection, Iterator, Mapping, Sequence

import libcst as cst

from quell.advice.unused import Removal
from quell.loading.values import is_covered
from quell.management.fixing.arguments import plain_text
from quell.management.fixing.rows import Rows
from quell.management.fixing.source import CannotFixError, Edit
from quell.management.fixing.tree import Link, Tree

_DECLARED = "list_select_related"


def removal_edits(tree: Tree, rows: Rows, removals: Sequence[Removal]) -> list[Edit]:
    """
    Return the changes that take arguments out of the calls of a chain, and calls that are left without any.

    Raises:
        CannotFixError: If the chain does not name what is to go, or a comment stands in between.
    """
    missing = list(removals)
    edits: list[Edit] = []
    emptied: list[Link] = []
    for link in rows.calls:
        own = [item for item in removals if item.call == link.name]
        call = link.call
        if not own or call is None:
            continue
        texts = [_name_of(argument) for argument in call.args]
        kept = _kept(texts, own)
        missing = [item for item in missing if item not in own or _named(item) not in texts]
        if call.args and not kept:
            emptied.append(link)
        else:
            edits += _item_edits(tree, call.args, texts, kept)
    _refuse(missing)
    return [*edits, *(_without_call(tree, rows, link, emptied) for link in emptied)]


def declared_edits(tree: Tree, value: cst.BaseExpression, removals: Sequence[Removal]) -> list[Edit]:
    """
    Return the changes that take names out of the ``list_select_related`` of an admin.

    Raises:
        CannotFixError: If it is no tuple or list that names what is to go.
    """
    elements = value.elements if isinstance(value, cst.Tuple | cst.List) else ()
    texts = [plain_text(element.value) or "" for element in elements]
    _refuse([item for item in removals if item.call != _DECLARED or item.path not in texts])
    kept = _kept(texts, removals)
    if not kept:
        empty = "[]" if isinstance(value, cst.List) else "()"
        _check_span(tree, tree.start(elements[0]), tree.end(elements[-1]))
        return [Edit(*_whole(tree, value), empty)]
    edits = list(_item_edits(tree, elements, texts, kept))
    if isinstance(value, cst.Tuple) and len(kept) == 1 and _is_without_comma(elements[-1]):
        # The comma makes the tuple.
        edits.append(Edit(tree.end(elements[-1]), tree.end(elements[-1]), ","))
    return edits


def _refuse(missing: Sequence[Removal]) -> None:
    if missing:
        item = missing[0]
        msg = f'the source does not name "{item.path}" in {item.call}: take it out where it is named'
        raise CannotFixError(msg)


def _name_of(argument: cst.Arg) -> str:
    """Return what a lookup is told apart by, with the attribute that a ``Prefetch`` fills."""
    if argument.keyword is not None or argument.star:
        return ""
    value = argument.value
    text = plain_text(value)
    if text is not None or not isinstance(value, cst.Call):
        return text or ""
    found = {item.keyword.value: plain_text(item.value) for item in value.args if item.keyword is not None}
    path = found.get("lookup") or (plain_text(value.args[0].value) if value.args else None)
    to_attr = found.get("to_attr")
    return f"{path}>{to_attr}" if path and to_attr else ""


def _named(item: Removal) -> str:
    return f"{item.path}>{item.to_attr}" if item.to_attr else item.path


def _kept(texts: Sequence[str], removals: Sequence[Removal]) -> Mapping[int, str]:
    """Return what stays, by position: the text to write there, or nothing where the source stays as it is."""
    gone = {_named(item): item.kept for item in removals}
    others = [text for text in texts if text not in gone]
    kept: dict[int, str] = {}
    for position, text in enumerate(texts):
        shorter = gone.get(text)
        if shorter is None:
            kept[position] = ""
        elif shorter and not is_covered(shorter, others):
            kept[position] = shorter
            others.append(shorter)
    return kept


def _item_edits(
    tree: Tree,
    items: Sequence[cst.Arg | cst.BaseElement],
    texts: Sequence[str],
    kept: Mapping[int, str],
) -> Iterator[Edit]:
    for position, text in kept.items():
        if text:
            item = items[position].value
            quote = tree.code(item)[0]
            yield Edit(tree.start(item), tree.end(item), f"{quote}{text}{quote}")
    for first, last in _runs(len(texts), kept):
        if last + 1 < len(items):
            start, end = tree.start(items[first]), tree.start(items[last + 1])
        else:
            start, end = tree.end(items[first - 1]), tree.end(items[last])
        _check_span(tree, start, end)
        yield Edit(start, end, "")


def _runs(count: int, kept: Collection[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and last position of items that go, of neighbours together."""
    first: int | None = None
    for position in range(count + 1):
        is_going = position < count and position not in kept
        if is_going and first is None:
            first = position
        elif not is_going and first is not None:
            yield first, position - 1
            first = None


def _without_call(tree: Tree, rows: Rows, link: Link, emptied: Sequence[Link]) -> Edit:
    attribute = link.attribute
    assert attribute is not None  # a call that has a name
    before, end = attribute.value, tree.end(link.node)
    others = [item for item in rows.calls if item not in emptied]
    if not others and link is emptied[0] and not isinstance(before, cst.Call):
        # A manager is no queryset, which all() makes of it.
        start = tree.start(attribute.attr)
        _check_span(tree, start, end)
        return Edit(start, end, "all()")
    if before.lpar:
        msg = f"parentheses stand in front of {link.name}(): take it out by hand"
        raise CannotFixError(msg)
    _check_span(tree, tree.end(before), end)
    return Edit(tree.end(before), end, "")


def _check_span(tree: Tree, start: int, end: int) -> None:
    if "#" in tree.source.text[start:end]:
        msg = "a comment stands beside what is to go: take it out by hand"
        raise CannotFixError(msg)


def _whole(tree: Tree, value: cst.BaseExpression) -> tuple[int, int]:
    start, end = tree.start(value), tree.end(value)
    # The position of a tuple is inside of its parentheses.
    return (start - 1, end + 1) if isinstance(value, cst.Tuple) and value.lpar else (start, end)


def _is_without_comma(element: cst.BaseElement) -> bool:
    return isinstance(element.comma, cst.MaybeSentinel)
