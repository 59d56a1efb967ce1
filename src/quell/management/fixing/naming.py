"""What the names of new code stand for, and where they are imported from."""

import ast
import builtins
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import django.db.models.functions  # noqa: F401 -- names of generated code are looked up in it
from django.apps import apps

from quell.management.fixing.source import CannotFixError

_KNOWN = ("django.db.models", "django.db.models.functions", "django.contrib.contenttypes.prefetch")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a name stands for, and the module to import it from; ``is_known`` tells that ``value`` is that object."""

    name: str
    module: str
    value: object


def free_names(code: str) -> Iterator[ast.Name]:
    """Yield the names that an expression reads from around it."""
    tree = ast.parse(code, mode="eval")
    own = {item.arg for node in ast.walk(tree) if isinstance(node, ast.Lambda) for item in node.args.args}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in own and not hasattr(builtins, node.id):
            yield node


def meaning_of(name: str, home: Mapping[str, object]) -> Meaning:
    """
    Return what a name of generated code stands for.

    Args:
        name: Of Django, of a model, or of the module that the code was read from.
        home: The names of that module.

    Raises:
        CannotFixError: If nothing of that name is known, or several models have it.
    """
    if name in home:
        value = home[name]
        defined = getattr(value, "__module__", None)
        module = str(defined) if getattr(value, "__name__", None) == name else str(home.get("__name__", ""))
        return Meaning(name, _shortest(module, name, value), value)
    for module in _KNOWN:
        if module in sys.modules and hasattr(sys.modules[module], name):
            return Meaning(name, module, getattr(sys.modules[module], name))
    found = [model for model in apps.get_models() if model.__name__ == name]
    if len(found) != 1:
        what = "several models are called" if found else "nothing is known that is called"
        msg = f"{what} {name}"
        raise CannotFixError(msg)
    return Meaning(name, _shortest(found[0].__module__, name, found[0]), found[0])


def _shortest(module: str, name: str, value: object) -> str:
    """Return the outermost package that hands something out: models are imported from ``models``."""
    parts = module.split(".")
    for length in range(1, len(parts)):
        package = ".".join(parts[:length])
        if getattr(sys.modules.get(package), name, None) is value:
            return package
    return module


def respell(code: str, spellings: Mapping[str, str]) -> str:
    """Return an expression of one line with some of its names spelled in another way."""
    data = code.encode()
    for node in sorted(free_names(code), key=lambda node: -node.col_offset):
        if node.id in spellings:
            end = node.col_offset + len(node.id.encode())
            data = data[: node.col_offset] + spellings[node.id].encode() + data[end:]
    return data.decode()
