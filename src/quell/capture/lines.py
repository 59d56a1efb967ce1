"""Lines of instructions, template nodes and class statements."""

import inspect
from functools import lru_cache
from types import CodeType

from django.template.base import Node

from quell.events import Location
from quell.lineage.drivers import NodeNote


def line_of(code: CodeType, lasti: int) -> int:
    """Return the line of an instruction."""
    for start, end, line in code.co_lines():
        if start <= lasti < end and line is not None:
            return line
    return code.co_firstlineno


def code_location(code: CodeType, lasti: int) -> Location:
    """Return the place of an instruction."""
    return Location(code.co_filename, line_of(code, lasti), code.co_qualname)


def node_location(node: Node | NodeNote) -> Location | None:
    """Return the place of a template node, or ``None`` for a template that has no file."""
    origin, token = getattr(node, "origin", None), getattr(node, "token", None)
    if origin is None or token is None or not origin.name:
        return None
    return Location(str(origin.name), token.lineno or 1)


@lru_cache(maxsize=1024)
def class_location(cls: type, function: str = "") -> Location | None:
    """Return the place of a class statement."""
    try:
        file = inspect.getsourcefile(cls)
        text, line = inspect.getsourcelines(cls)
    except (OSError, TypeError):
        return None
    # The source begins with the decorators.
    above = next((number for number, code in enumerate(text) if code.lstrip().startswith("class ")), 0)
    return Location(file or "", line + above, function or cls.__qualname__)


def file_of(cls: type) -> str:
    """Return the file of a class."""
    try:
        return inspect.getsourcefile(cls) or "<unknown>"
    except TypeError:
        return "<unknown>"
