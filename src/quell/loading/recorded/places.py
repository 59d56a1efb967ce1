"""Whether the code that an origin names is still there."""

import ast
import inspect
import os
import sys
import textwrap
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

from django.template.utils import get_app_template_dirs

from quell.loading.recorded.origins import Origin


def vanished(origin: Origin) -> str:
    """
    Tell why an origin cannot be met any more; an empty text where it can, or where nobody can tell.

    Its module is imported.
    """
    module, _, name = origin.place.partition(":")
    if not name:
        return _vanished_from_template(origin)
    if module.endswith(".py"):
        # A script, which cannot be imported without being run.
        return "" if _is_below_a_root(module) else f"there is no file {module}"
    try:
        found: Any = import_module(module)
    except ImportError:
        return f"there is no module {module}"
    for part in name.split("."):
        if part.startswith("<"):
            break
        try:
            found = inspect.getattr_static(found, part)
        except AttributeError:
            return f"{module} has no {name}"
    return _vanished_from_code(origin, _function_of(found))


def _function_of(found: Any) -> Any:  # noqa: ANN401 -- whatever a class or a module holds
    if isinstance(found, (staticmethod, classmethod)):
        found = found.__func__
    elif isinstance(found, property):
        found = found.fget
    elif isinstance(found, cached_property) or hasattr(found, "func"):
        found = found.func
    return inspect.unwrap(found) if callable(found) else found


def _vanished_from_code(origin: Origin, function: object) -> str:
    code, _, number = origin.code.partition("#")
    if not code:
        return ""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))  # type: ignore[arg-type]  # it raises TypeError
    except (OSError, TypeError, SyntaxError):
        # No source, or none that stands for itself, such as that of a lambda.
        return ""
    count = sum(isinstance(node, ast.expr) and ast.unparse(node) == code for node in ast.walk(tree))
    return "" if count >= int(number or 1) else f"{code} is not in {origin.place} any more"


def _vanished_from_template(origin: Origin) -> str:
    for root in (
        *sys.path,
        os.getcwd(),
        *(str(folder.parent) for folder in get_app_template_dirs("templates")),
    ):
        file = Path(root, origin.place)
        if file.is_file():
            text = " ".join(file.read_text(encoding="utf-8").split())
            return (
                ""
                if " ".join(origin.code.split()) in text
                else f"{origin.code} is not in {origin.place} any more"
            )
    return f"there is no template {origin.place}"


def _is_below_a_root(name: str) -> bool:
    return any(Path(root, name).is_file() for root in (*sys.path, os.getcwd()))
