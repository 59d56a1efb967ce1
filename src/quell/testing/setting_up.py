"""What a factory of factory_boy runs is the setup of a test, wherever it is called."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from quell.events import Pattern, QueryEvent
from quell.lineage import ignoring
from quell.lineage._patching import Installation, Patch

_BLOCK = Pattern(source="a factory of factory_boy", reason="it is the setup of a test")
_is_apart: ContextVar[bool] = ContextVar("quell_factories_apart", default=False)


def _silenced(original: "classmethod[Any, ..., object]") -> "classmethod[Any, ..., object]":
    """Return the class method that makes an object, with its statements silenced where that was asked for."""

    def generate(cls: type, /, *args: object, **kwargs: object) -> object:
        make: Callable[..., object] = original.__get__(None, cls)
        if not _is_apart.get():
            return make(*args, **kwargs)
        ignoring.enter(_BLOCK)
        try:
            return make(*args, **kwargs)
        finally:
            ignoring.leave(_BLOCK)

    return classmethod(generate)


class _Installation(Installation):
    """The hook in factory_boy, if that is imported: who has not imported it has no factory."""

    _patch: Patch | None = None

    def _install(self) -> None:
        base: Any = getattr(sys.modules.get("factory.base"), "BaseFactory", None)
        if base is not None:
            self._patch = self._patch or Patch(base, "_generate", _silenced)
            self._patch.install()

    def _uninstall(self) -> None:
        if self._patch is not None:
            self._patch.uninstall()


_installation = _Installation()


@contextmanager
def factories_apart() -> Iterator[None]:
    """
    Silence what factories run in this block, and nothing else of the lines that call them.

    A factory is called from the test's own line, so neither file nor line tells its statements from the test's.
    """
    _installation.acquire()
    # Not by a token: an async fixture may end its block in another context than it began.
    before = _is_apart.get()
    _is_apart.set(True)
    try:
        yield
    finally:
        _is_apart.set(before)
        _installation.release()


def is_of_factory(event: QueryEvent) -> bool:
    """Tell whether a factory ran a statement."""
    return _BLOCK in event.ignored
