"""The imports that new code needs beside those that a module has."""

from collections.abc import Iterable, Iterator, Mapping

import libcst as cst

from quell.management.fixing.naming import free_names, meaning_of, respell
from quell.management.fixing.source import CannotFixError, Edit
from quell.management.fixing.tree import Tree

_MODELS = "django.db.models"


class Imports:
    """
    The names that new code in one module uses.

    Args:
        tree: The module.
        names: What its names stand for at run time; empty where it was not imported.
    """

    def __init__(self, tree: Tree, names: Mapping[str, object]) -> None:
        self._tree = tree
        self._names = names
        self._package = str(names.get("__package__") or "")
        self._bound = dict(_bound(tree.module.body, self._package))
        self._new: dict[str, set[str]] = {}

    def spell(self, code: str, place: cst.CSTNode, home: Mapping[str, object]) -> str:
        """
        Return an expression as it is to be spelled at a place of the module, and note what it needs.

        Raises:
            CannotFixError: If a name of it means something else there.
        """
        local = set(_local_names(self._tree, place))
        spellings = {}
        for name in {node.id for node in free_names(code)}:
            if name in local:
                msg = f"{name} is a variable of the function that builds the queryset"
                raise CannotFixError(msg)
            spellings[name] = self._spelling(name, home)
        return respell(code, spellings)

    def _spelling(self, name: str, home: Mapping[str, object]) -> str:
        meaning = meaning_of(name, home)
        known = self._bound.get(name)
        if known is not None:
            is_same = self._names[name] is meaning.value if name in self._names else False
            if is_same or known == f"{meaning.module}.{name}":
                return name
            if meaning.module != _MODELS:
                msg = f"{name} means something else in this file"
                raise CannotFixError(msg)
        alias = next((key for key, value in self._bound.items() if value == _MODELS), None)
        if meaning.module == _MODELS and alias and (known is not None or not self._imports_from(_MODELS)):
            return f"{alias}.{name}"
        if known is not None:
            msg = f"{name} means something else in this file"
            raise CannotFixError(msg)
        if meaning.module == str(self._names.get("__name__")):
            return name
        self._new.setdefault(meaning.module, set()).add(name)
        return name

    def take(self, other: "Imports") -> None:
        """Import what the code of another change in the same module needs, too."""
        for module, names in other._new.items():
            self._new.setdefault(module, set()).update(names)

    def edits(self) -> list[Edit]:
        """Return the changes that import what is missing."""
        found: list[Edit] = []
        for module, names in sorted(self._new.items()):
            statement = self._imports_from(module)
            if statement is not None:
                found += _extended(self._tree, statement, sorted(names))
            else:
                found.append(self._new_line(module, f"from {module} import {', '.join(sorted(names))}"))
        return _joined(found)

    def _imports_from(self, module: str) -> cst.ImportFrom | None:
        for _, item in _statements(self._tree.module.body):
            is_open = isinstance(item, cst.ImportFrom) and not isinstance(item.names, cst.ImportStar)
            if isinstance(item, cst.ImportFrom) and is_open and _module_of(item, self._package) == module:
                return item
        return None

    def _new_line(self, module: str, code: str) -> Edit:
        """Return the change that adds an import beside those of the same package, or behind all others."""
        tree, newline = self._tree, self._tree.source.newline
        header = list(_header(tree.module.body))
        root = module.partition(".")[0]
        beside = [line for line in header if _root_of(line) == root and not _is_future(line)]
        before = [line for line in beside if _first_module(line) <= module]
        if beside and not before:
            start = tree.start(beside[0])
            return Edit(start, start, f"{code}{newline}")
        if header:
            end = tree.source.line_end(tree.end((before or header)[-1]))
            gap = newline if not before and _is_future(header[-1]) else ""
            return Edit(end, end, f"{newline}{gap}{code}")
        return self._first_import(code)

    def _first_import(self, code: str) -> Edit:
        tree, newline = self._tree, self._tree.source.newline
        body = tree.module.body
        if tree.module.get_docstring() is not None:
            end = tree.source.line_end(tree.end(body[0]))
            return Edit(end, end, f"{newline}{newline}{code}")
        start = tree.start(body[0]) if body else 0
        return Edit(start, start, f"{code}{newline}{newline}{newline}")


def _joined(edits: list[Edit]) -> list[Edit]:
    """Put several new lines at one place into one change."""
    found: dict[tuple[int, int], str] = {}
    for edit in edits:
        key = edit.start, edit.end
        found[key] = found.get(key, "") + edit.text
    return [Edit(start, end, text) for (start, end), text in found.items()]


def _extended(tree: Tree, statement: cst.ImportFrom, names: list[str]) -> Iterator[Edit]:
    """Yield the changes that add names to an import, in front of the first one that sorts behind them."""
    aliases = [alias for alias in statement.names if isinstance(alias, cst.ImportAlias)]  # type: ignore[union-attr]
    is_block = tree.first_line(aliases[0]) != tree.last_line(aliases[-1]) or (
        statement.lpar is not None and tree.first_line(statement.lpar) != tree.first_line(aliases[0])
    )
    if not is_block and _is_too_long(tree, statement, names):
        yield _as_block(tree, statement, aliases, names)
        return
    for name in names:
        behind = next((alias for alias in aliases if tree.text(alias.name) > name), None)
        indent = tree.source.newline + tree.source.indent_at(tree.start(aliases[0]))
        if behind is not None:
            start = tree.start(behind)
            own_line = is_block and tree.source.text[:start].rstrip(" \t").endswith(("\n", "\r"))
            yield Edit(start, start, f"{name},{indent}" if own_line else f"{name}, ")
            continue
        end = tree.end(aliases[-1])
        yield Edit(end, end, f",{indent}{name}" if is_block else f", {name}")


def _is_too_long(tree: Tree, statement: cst.ImportFrom, names: list[str]) -> bool:
    start = tree.start(statement)
    line = tree.source.line_end(start) - start
    return statement.lpar is None and line + sum(len(name) + 2 for name in names) > tree.layout.limit


def _as_block(
    tree: Tree, statement: cst.ImportFrom, aliases: list[cst.ImportAlias], names: list[str]
) -> Edit:
    """Return the change that gives each name of an import a line of its own."""
    indent = tree.source.indent_at(tree.start(statement))
    inner = f"{tree.source.newline}{indent}{tree.layout.unit}"
    texts = [tree.text(alias) for alias in aliases]
    every = sorted([*texts, *names]) if texts == sorted(texts) else [*texts, *names]
    code = "".join(f"{inner}{text}," for text in every)
    return Edit(tree.start(aliases[0]), tree.end(aliases[-1]), f"({code}{tree.source.newline}{indent})")


def _statements(
    body: Iterable[cst.CSTNode],
) -> Iterator[tuple[cst.SimpleStatementLine, cst.BaseSmallStatement]]:
    """Yield the statements at the top of a module that always run."""
    for line in body:
        if isinstance(line, cst.SimpleStatementLine):
            for item in line.body:
                yield line, item


def _header(body: Iterable[cst.CSTNode]) -> Iterator[cst.SimpleStatementLine]:
    """Yield the imports that a module begins with."""
    for number, line in enumerate(body):
        if isinstance(line, cst.SimpleStatementLine):
            if isinstance(line.body[0], cst.Import | cst.ImportFrom):
                yield line
                continue
            if number == 0 and isinstance(line.body[0], cst.Expr):
                continue
        return


def _is_future(line: cst.SimpleStatementLine) -> bool:
    return _first_module(line) == "__future__"


def _root_of(line: cst.SimpleStatementLine) -> str:
    return _first_module(line).partition(".")[0]


def _first_module(line: cst.SimpleStatementLine) -> str:
    item = line.body[0]
    if isinstance(item, cst.ImportFrom):
        return _module_of(item, "") if not item.relative else "."
    return _dotted(item.names[0].name) if isinstance(item, cst.Import) else ""


def _module_of(statement: cst.ImportFrom, package: str) -> str:
    """Return the module that a statement imports from; a relative one is below the package."""
    name = _dotted(statement.module) if statement.module is not None else ""
    if not statement.relative:
        return name
    parts = package.split(".")
    base = ".".join(parts[: len(parts) - len(statement.relative) + 1])
    return f"{base}.{name}" if name else base


def _dotted(node: cst.CSTNode) -> str:
    if isinstance(node, cst.Attribute):
        return f"{_dotted(node.value)}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""


def _bound(body: Iterable[cst.CSTNode], package: str) -> Iterator[tuple[str, str]]:
    """Yield the names that a module binds when it runs, each with what it was imported from."""
    for line in body:
        if isinstance(line, cst.FunctionDef | cst.ClassDef):
            yield line.name.value, ""
        elif (isinstance(line, cst.If) and not _is_type_checking(line)) or isinstance(line, cst.Try):
            yield from _bound(_block(line.body), package)
        elif isinstance(line, cst.SimpleStatementLine):
            for item in line.body:
                yield from _bound_by(item, package)


def _is_type_checking(line: cst.If) -> bool:
    return isinstance(line.test, cst.Name | cst.Attribute) and _dotted(line.test).endswith("TYPE_CHECKING")


def _block(body: cst.BaseSuite) -> list[cst.BaseStatement]:
    return [item for item in body.body if isinstance(item, cst.BaseStatement)]


def _bound_by(item: cst.BaseSmallStatement, package: str) -> Iterator[tuple[str, str]]:
    if isinstance(item, cst.Import):
        for alias in item.names:
            name = _dotted(alias.name)
            yield alias.evaluated_alias or name.partition(".")[0], name
    elif isinstance(item, cst.ImportFrom) and not isinstance(item.names, cst.ImportStar):
        module = _module_of(item, package)
        for alias in item.names:
            yield alias.evaluated_alias or alias.evaluated_name, f"{module}.{alias.evaluated_name}"
    elif isinstance(item, cst.Assign | cst.AnnAssign):
        targets = [item.target] if isinstance(item, cst.AnnAssign) else [part.target for part in item.targets]
        yield from ((target.value, "") for target in targets if isinstance(target, cst.Name))


def _local_names(tree: Tree, place: cst.CSTNode) -> Iterator[str]:
    """Yield the names that the functions around a place bind."""
    for outer in tree.ancestors(place):
        if isinstance(outer, cst.FunctionDef):
            finder = _Binding()
            outer.visit(finder)
            yield from finder.names


class _Binding(cst.CSTVisitor):
    """Collects the names that a function gives a value; an import in it gives a name the value that it has anyway."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_Param(self, node: cst.Param) -> None:  # noqa: N802 -- LibCST's name
        self.names.add(node.name.value)

    def visit_AssignTarget(self, node: cst.AssignTarget) -> None:  # noqa: N802
        self._bind(node.target)

    def visit_For(self, node: cst.For) -> None:  # noqa: N802
        self._bind(node.target)

    def visit_CompFor(self, node: cst.CompFor) -> None:  # noqa: N802
        self._bind(node.target)

    def _bind(self, target: cst.CSTNode) -> None:
        if isinstance(target, cst.Name):
            self.names.add(target.value)
        elif isinstance(target, cst.Tuple | cst.List):
            for element in target.elements:
                self._bind(element.value)
