"""Whether the code that asks may be changed together with the queryset: decided strictly, from the whole project."""

import os
import re
import sys
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import libcst as cst
from django.urls import Resolver404, resolve

from quell.events import Location
from quell.management.fixing.locating import runtime_class
from quell.management.fixing.source import CannotFixError
from quell.management.fixing.templates import mentions
from quell.management.fixing.tree import Tree

_SUFFIXES = frozenset({".py", ".html", ".txt", ".xml", ".jinja", ".jinja2", ".j2", ".md"})
_SKIPPED = frozenset({".git", "node_modules", "__pycache__", "site-packages", ".venv", "venv", ".tox"})
_WRITES = re.compile(r"\bPOST\b|\.method\b|\.a?(?:save|create|update|delete|bulk_\w+|get_or_create)\(")
_READING_METHODS = frozenset({"get", "head", "options"})
_WRITING_HANDLERS = ("post", "put", "patch", "delete", "create", "update", "partial_update", "destroy")


class Project:
    """The code and the templates of a project, read once."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = roots

    @cached_property
    def files(self) -> list[tuple[Path, str]]:
        """Return every file with its text."""
        return [(path, path.read_text(encoding="utf-8", errors="replace")) for path in self._paths()]

    def _paths(self) -> Iterator[Path]:
        for root in self._roots:
            for folder, folders, names in root.walk() if hasattr(root, "walk") else _walk(root):
                folders[:] = [name for name in folders if name not in _SKIPPED]
                yield from (folder / name for name in names if Path(name).suffix in _SUFFIXES)

    def uses(self, name: str) -> bool:
        """Tell whether a name occurs anywhere."""
        pattern = re.compile(rf"\b{re.escape(name)}\b")
        return any(pattern.search(text) for _, text in self.files)

    def is_only_of(self, template: str, tree: Tree, place: cst.CSTNode) -> bool:
        """Tell whether the function or class around a place is all that names a template."""
        found = mentions(self.files, template)
        if len(found) != 1 or found[0][0].resolve() != tree.source.path.resolve():
            return False
        outer = _outermost(tree, place)
        return outer is not None and tree.start(outer) <= found[0][1] <= tree.end(outer)


def _walk(root: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Do as ``Path.walk()``, which Python 3.11 lacks."""
    for folder, folders, names in os.walk(root):
        yield Path(folder), folders, names


def check_reader(tree: Tree, place: cst.CSTNode, origin: Location, urls: Sequence[str]) -> None:
    """
    Refuse a queryset that other code may have, or whose rows may be changed before they are shown.

    Args:
        tree: The module of the origin.
        place: The code of the queryset.
        origin: Its line.
        urls: The pages that showed it.

    Raises:
        CannotFixError: With the reason.
    """
    outer = _outermost(tree, place)
    if outer is None or not all(_is_view(tree, outer, url) for url in urls):
        msg = "other code than a view builds the queryset, and what that does with the rows is not known"
        raise CannotFixError(msg)
    if isinstance(outer, cst.ClassDef):
        cls = runtime_class(tree, outer)
        handler = next(_writing_handlers(cls), "") if cls is not None else "a class that was not imported"
        if handler:
            msg = f"the view also has {handler}, and what is loaded would be out of date behind a write"
            raise CannotFixError(msg)
    elif _WRITES.search(tree.code(outer)):
        msg = f"{outer.name.value}() also takes other requests or writes, and what is loaded would be out of date"
        raise CannotFixError(msg)


def _writing_handlers(cls: type) -> Iterator[str]:
    """Yield what answers requests that write, in a class or in one that inherits its queryset."""
    for name in _WRITING_HANDLERS:
        if getattr(cls, name, None) is not None:
            yield f"{cls.__name__}.{name}()"
    # What DRF's @action makes of a method.
    for name, method in vars(cls).items():
        if {*getattr(method, "mapping", ())} - _READING_METHODS and callable(method):
            yield f"{cls.__name__}.{name}()"
    heirs: list[type] = cls.__subclasses__()
    for heir in heirs:
        yield from _writing_handlers(heir)


def _outermost(tree: Tree, place: cst.CSTNode) -> cst.ClassDef | cst.FunctionDef | None:
    nodes = [place, *tree.ancestors(place)]
    found = [node for node in nodes if isinstance(node, cst.ClassDef | cst.FunctionDef)]
    return found[-1] if found else None


def _is_view(tree: Tree, outer: cst.ClassDef | cst.FunctionDef, url: str) -> bool:
    """Tell whether a class or function is what answers a page."""
    try:
        view: Any = resolve(url.partition("?")[0]).func
    except Resolver404:
        return False
    cls = (
        getattr(view, "cls", None)
        or getattr(view, "view_class", None)
        or type(getattr(view, "model_admin", None))
    )
    if isinstance(outer, cst.ClassDef):
        owner = runtime_class(tree, outer)
        return owner is not None and issubclass(cls, owner)
    while hasattr(view, "__wrapped__"):
        view = view.__wrapped__
    # DRF makes a class of a function, and gives it the function's name.
    found = cls if cls.__name__ == outer.name.value else view
    file = getattr(sys.modules.get(found.__module__), "__file__", None)
    return found.__name__ == outer.name.value and Path(file or "").resolve() == tree.source.path.resolve()
