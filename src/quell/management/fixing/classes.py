"""Fixes in the class of a view or an admin, whose queryset a framework builds from what the class declares."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst
from django.db.models import Model, QuerySet

from quell.loading.values import is_prefix
from quell.management.fixing.arguments import append_items, plain_text
from quell.management.fixing.locating import names_of, resolve, runtime_class
from quell.management.fixing.source import CannotFixError, Edit
from quell.management.fixing.tree import Tree, read_chain

_NAMES = "list_select_related"


@dataclass(frozen=True, slots=True)
class Attribute:
    """A value that a class gives one of its attributes, and the statement that does."""

    value: cst.BaseExpression
    statement: cst.SimpleStatementLine


def attribute_of(node: cst.ClassDef, name: str) -> Attribute | None:
    """Return what the body of a class assigns to a name; the last one counts."""
    found = None
    for line in _lines(node):
        for item in line.body:
            if isinstance(item, cst.Assign):
                targets = [target.target for target in item.targets]
            elif isinstance(item, cst.AnnAssign) and item.value is not None:
                targets = [item.target]
            else:
                continue
            if any(isinstance(target, cst.Name) and target.value == name for target in targets):
                value = item.value
                found = Attribute(value, line) if value is not None else found
    return found


def has_method(node: cst.ClassDef, name: str) -> bool:
    """Tell whether the body of a class defines a method."""
    return any(isinstance(item, cst.FunctionDef) and item.name.value == name for item in node.body.body)


def _lines(node: cst.ClassDef) -> Iterator[cst.SimpleStatementLine]:
    for item in node.body.body:
        if isinstance(item, cst.SimpleStatementLine):
            yield item


def join_edits(tree: Tree, node: cst.ClassDef, suggestion: str) -> list[Edit]:
    """
    Return the changes that let an admin join what its changelist follows.

    Args:
        tree: The module.
        node: The class of the admin.
        suggestion: The assignment to write, with everything that the admin joins already.

    Raises:
        CannotFixError: If a method decides, or the value is no plain one.
    """
    cls = runtime_class(tree, node)
    decider = getattr(cls, "get_list_select_related", None)
    if has_method(node, "get_list_select_related") or not _is_djangos(decider):
        msg = "get_list_select_related() decides what is joined: name the relations there"
        raise CannotFixError(msg)
    names = _suggested_names(suggestion)
    found = attribute_of(node, _NAMES)
    code = f"({', '.join(_text(tree, name) for name in names)}{',' * (len(names) == 1)})"
    if found is None:
        return [add_line(tree, node, f"{_NAMES} = {code}")]
    value = found.value
    if isinstance(value, cst.Name) and value.value in {"True", "False", "None"}:
        return [Edit(tree.start(value), tree.end(value), code)]
    if isinstance(value, cst.Tuple | cst.List):
        return _merged(tree, value, names)
    msg = f"the value of {_NAMES} is no tuple or list of names: write {code}"
    raise CannotFixError(msg)


def _is_djangos(function: object) -> bool:
    return function is None or str(getattr(function, "__module__", "")).startswith("django.")


def _suggested_names(suggestion: str) -> tuple[str, ...]:
    try:
        return tuple(ast.literal_eval(suggestion.partition("=")[2].strip()))
    except (ValueError, SyntaxError) as error:
        msg = f"only other code helps, which a person has to write: {suggestion}"
        raise CannotFixError(msg) from error


def _text(tree: Tree, name: str) -> str:
    return tree.quoted(f'"{name}"')


def _merged(tree: Tree, value: cst.Tuple | cst.List, names: Sequence[str]) -> list[Edit]:
    """Return the changes that put names into a tuple or list that stands in the source."""
    elements = [(plain_text(element.value), element.value) for element in value.elements]
    if any(text is None for text, _ in elements):
        msg = f"{_NAMES} holds more than plain names: add {', '.join(names)} to it"
        raise CannotFixError(msg)
    edits: list[Edit] = []
    missing = []
    taken: set[int] = set()
    for name in names:
        if any(is_prefix(name, str(text)) for text, _ in elements):
            continue
        shorter = next((item for text, item in elements if is_prefix(str(text), name)), None)
        if shorter is not None and id(shorter) not in taken:
            taken.add(id(shorter))
            edits.append(Edit(tree.start(shorter), tree.end(shorter), _text(tree, name)))
        else:
            missing.append(_text(tree, name))
    return edits + (_appended(tree, value, missing) if missing else [])


def _appended(tree: Tree, value: cst.Tuple | cst.List, codes: Sequence[str]) -> list[Edit]:
    if not value.elements:
        # Of a tuple, the position is inside of its parentheses, which have nothing in them.
        start = tree.start(value) + (0 if isinstance(value, cst.Tuple) and value.lpar else 1)
        return [Edit(start, start, ", ".join(codes) + ("," if isinstance(value, cst.Tuple) else ""))]
    code = tree.code(value)
    is_block = "\n" in code or "\r" in code
    return append_items(tree, value.elements, tree.end(value), codes, is_block=is_block)


def queryset_edits(tree: Tree, node: cst.ClassDef, model: type[Model], calls: Sequence[str]) -> list[Edit]:
    """
    Return the change that declares a queryset beside, or in the place of, what a class inherits.

    Args:
        tree: The module.
        node: The class, whose body assigns no ``queryset``.
        model: The model of its rows.
        calls: The calls to make on the queryset.

    Raises:
        CannotFixError: If the class does not tell where its queryset comes from.
    """
    cls = runtime_class(tree, node)
    declared = attribute_of(node, "model")
    names = names_of(tree.source)
    is_taken = getattr(cls, "queryset", None) is not None
    if declared is not None and not is_taken and resolve(declared.value, names, model) is model:
        base = f"{tree.code(declared.value)}.{model._default_manager.name}"
        indent = tree.source.indent_at(tree.start(declared.statement))
        code = tree.layout.statement("queryset =", base, calls, indent)
        return [_behind(tree, declared.statement, code)]
    parent = next(_bases(tree, node, cls), None)
    if parent is not None:
        code = tree.layout.statement("queryset =", f"{parent}.queryset", calls, body_indent(tree, node))
        return [add_line(tree, node, code)]
    msg = "the class inherits its queryset from somewhere else"
    raise CannotFixError(msg)


def _bases(tree: Tree, node: cst.ClassDef, cls: type | None) -> Iterator[str]:
    """Yield the bases, as the class statement spells them, whose queryset the class has."""
    inherited = getattr(cls, "queryset", None)
    if not isinstance(inherited, QuerySet):
        return
    names = names_of(tree.source)
    for argument in node.bases:
        expression = argument.value.value if isinstance(argument.value, cst.Subscript) else argument.value
        chain = read_chain(expression)
        known = names.get(chain.root.value) if isinstance(chain.root, cst.Name) else None
        for link in chain.links:
            known = getattr(known, link.name, None)
        if getattr(known, "queryset", None) is inherited:
            yield tree.code(expression)


def method_edits(tree: Tree, node: cst.ClassDef, calls: Sequence[str]) -> list[Edit]:
    """
    Return the change that gives an admin a ``get_queryset()`` of its own.

    Raises:
        CannotFixError: If it has one.
    """
    if has_method(node, "get_queryset"):
        msg = "the class has a get_queryset() that does not build the queryset at this line"
        raise CannotFixError(msg)
    newline, indent = tree.source.newline, body_indent(tree, node)
    unit = indent.removeprefix(tree.source.indent_at(tree.start(node)))
    end = tree.source.line_end(tree.end(_last_statement(node)))
    value = tree.layout.statement("return", "super().get_queryset(request)", calls, indent + unit)
    code = f"def get_queryset(self, request):{newline}{indent}{unit}{value}"
    return [Edit(end, end, f"{newline}{newline}{indent}{code}")]


def _last_statement(node: cst.ClassDef) -> cst.CSTNode:
    found: cst.CSTNode = node.body.body[-1]
    while isinstance(found, cst.BaseCompoundStatement):
        found = found.body.body[-1]
    return found


def body_indent(tree: Tree, node: cst.ClassDef) -> str:
    """
    Return the white space that the lines of a class body begin with.

    Raises:
        CannotFixError: If the body stands on the line of the statement.
    """
    if not isinstance(node.body, cst.IndentedBlock):
        msg = "the class has no body of its own lines"
        raise CannotFixError(msg)
    return tree.source.indent_at(tree.start(node.body.body[0]))


def add_line(tree: Tree, node: cst.ClassDef, code: str) -> Edit:
    """Return the change that adds a line behind the attributes that a class begins with."""
    indent = body_indent(tree, node)
    body = list(node.body.body)
    last = None
    for item in body:
        if not isinstance(item, cst.SimpleStatementLine):
            break
        last = item
    if last is not None and isinstance(last.body[0], cst.Pass) and len(body) == 1:
        return Edit(tree.start(last), tree.end(last), code)
    if last is None:
        start = _start_with_decorators(tree, body[0])
        return Edit(start, start, f"{code}{tree.source.newline}{tree.source.newline}{indent}")
    is_docstring = last is body[0] and node.get_docstring() is not None
    return _behind(tree, last, code, gap=is_docstring)


def _start_with_decorators(tree: Tree, node: cst.CSTNode) -> int:
    decorators = node.decorators if isinstance(node, cst.FunctionDef | cst.ClassDef) else ()
    return tree.start(decorators[0] if decorators else node)


def _behind(tree: Tree, statement: cst.SimpleStatementLine, code: str, *, gap: bool = False) -> Edit:
    end = tree.source.line_end(tree.end(statement))
    newline, indent = tree.source.newline, tree.source.indent_at(tree.start(statement))
    return Edit(end, end, f"{newline * (1 + gap)}{indent}{code}")
