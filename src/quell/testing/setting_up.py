"""What a factory of factory_boy runs is the setup of a test, wherever it is called."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from quell.events import Pattern, QueryEvent
from quell.lineage import ignoring

_NAME = "_generate"
_BLOCK = Pattern(source="a factory of factory_boy", reason="it is the setup of a test")


@contextmanager
def factories_apart() -> Iterator[None]:
    """
    Silence what factories run in this block, and nothing else of the lines that call them.

    A factory is called from the test's own line, so neither file nor line tells its statements from the test's.
    """
    # Who has not imported it has no factory.
    base: Any = getattr(sys.modules.get("factory.base"), "BaseFactory", None)
    if base is None:
        yield
        return
    original = vars(base)[_NAME]

    def generate(cls: type, /, *args: object, **kwargs: object) -> object:
        ignoring.enter(_BLOCK)
        try:
            return original.__get__(None, cls)(*args, **kwargs)
        finally:
            ignoring.leave(_BLOCK)

    setattr(base, _NAME, classmethod(generate))
    try:
        yield
    finally:
        setattr(base, _NAME, original)


def is_of_factory(event: QueryEvent) -> bool:
    """Tell whether a factory ran a statement."""
    return _BLOCK in event.ignored
