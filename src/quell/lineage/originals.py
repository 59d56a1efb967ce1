"""Find Django's own code below the wrappers that other tools put around it."""

import inspect
import os
import sys
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

# A tool that nests deeper than this is not worth the search.
_MAX_WRAPPERS = 50


def code_of(function: Callable[..., Any]) -> tuple[CodeType | None, bool]:
    """
    Return the code that does the work of a function that somebody may have wrapped.

    Args:
        function: As it is found on a class or in a module of Django or REST framework.

    Returns:
        The code and whether it is theirs. Without it, the code of the wrapper: its frame stands on the stack
        wherever the original does. ``None`` where a function has no code at all.
    """
    unwrapped = inspect.unwrap(function)
    for candidate in _candidates(unwrapped):
        code = getattr(candidate, "__code__", None)
        if code is not None and code.co_filename.startswith(_homes()):
            return code, True
    return getattr(unwrapped, "__code__", None), False


def tolerant(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Return a handler for the frame of a wrapper, whose variables may have other names."""

    def fill(*arguments: Any) -> Any:
        try:
            return handler(*arguments)
        except (AttributeError, KeyError):
            return None

    return fill


def _homes() -> tuple[str, ...]:
    """Return the folders of Django and, where it is loaded, REST framework."""
    modules = (sys.modules.get(name) for name in ("django", "rest_framework"))
    return tuple(
        os.path.dirname(module.__file__) + os.sep for module in modules if module and module.__file__
    )


def _candidates(function: Any) -> Iterator[Any]:
    """Yield a function, then the functions that it closes over, nearest first."""
    found: list[Any] = [function]
    seen: set[int] = set()
    for candidate in found:
        if id(candidate) in seen:
            continue
        if len(seen) >= _MAX_WRAPPERS:
            return
        seen.add(id(candidate))
        yield candidate
        found.extend(map(inspect.unwrap, _closed_over(candidate)))


def _closed_over(function: Any) -> Iterator[Any]:
    for cell in getattr(function, "__closure__", None) or ():
        try:
            value = cell.cell_contents
        except ValueError:
            # A cell that has not been filled yet.
            continue
        if inspect.isfunction(value) or inspect.ismethod(value):
            yield value


def inner_codes(function: Callable[..., Any]) -> Iterator[CodeType]:
    """Yield the code of everything that is defined inside of a function, such as the methods of a class."""
    code, _ = code_of(function)
    waiting = [code] if code is not None else []
    for outer in waiting:
        found = [inner for inner in outer.co_consts if isinstance(inner, CodeType)]
        yield from found
        waiting.extend(found)
