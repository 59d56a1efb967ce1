"""
What a rollback does not take back, seen while a watch asks for it: requests, mail, tasks, caches, processes, sleeps.

# Note [The audit hook stays]
Python tells an audit hook of processes, sleeps, sockets and what ``http.client`` sends, without a patch. Such a hook
can never be removed. So it is added when a watch asks for it for the first time, and not before; from then on it
returns at its first line wherever no such watch is open in the process. What happens inside the process, such as mail
in memory, or on a connection that is open already, raises no event: ``_patches_effects`` stands in front of that.
"""

import functools
import inspect
import re
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType
from typing import Any, Protocol

from django.db import transaction
from django.db.transaction import Atomic

from quell.events import EffectKind
from quell.guard import guarded
from quell.lineage.hooks import active

_REQUEST_LINE = re.compile(rb"(?!CONNECT )[A-Z]+ \S+ HTTP/1\.\d\r\n")
_INTERNET = (socket.AF_INET, socket.AF_INET6)
# Inside of an effect that was told, its sockets and what else it consists of are no further ones.
_is_inside: ContextVar[bool] = ContextVar("quell_is_inside_effect", default=False)


class Witness(Protocol):
    """What a scope has that wants to know of transactions and of what happens in them."""

    def see_effect(self, kind: EffectKind, name: str, frame: FrameType, seconds: float) -> None:
        """Note something that a rollback does not take back, if a transaction is open."""

    def see_begin(self, connection: Any, block: Atomic, frame: FrameType) -> None:
        """Note that a block has begun."""

    def see_end(self, connection: Any) -> None:
        """Note that the innermost block of a connection is about to end."""


def _tell(method: str, *args: Any) -> None:
    hooks = active.get(None)
    for observer in hooks.observers if hooks is not None else ():
        if observer.witness is not None and observer.is_open and hooks is not None:
            guarded(hooks.switch_off, None, getattr(observer.witness, method), *args)


@contextmanager
def effect(kind: EffectKind | None, name: str, frame: FrameType) -> Iterator[None]:
    """Tell of an effect that the block is; without a kind it is none, and neither is what it consists of."""
    if active.get(None) is None or _is_inside.get():
        yield
        return
    if kind is not None:
        _tell("see_effect", kind, name, frame, 0.0)
    token = _is_inside.set(True)
    try:
        yield
    finally:
        _is_inside.reset(token)


def wrapping(
    kind: EffectKind, name: str, *, is_effect: Callable[[Any], bool] = lambda _: True
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return what wraps a method, sync or async, whose call is an effect where ``is_effect(self)`` holds."""

    def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.iscoroutinefunction(original):

            @functools.wraps(original)
            async def seen_async(self: Any, *args: Any, **kwargs: Any) -> Any:
                with effect(kind if is_effect(self) else None, name, sys._getframe(1)):
                    return await original(self, *args, **kwargs)

            return seen_async

        @functools.wraps(original)
        def seen(self: Any, *args: Any, **kwargs: Any) -> Any:
            with effect(kind if is_effect(self) else None, name, sys._getframe(1)):
                return original(self, *args, **kwargs)

        return seen

    return wrap


def wrap_read(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a method that reads only: the connection that it opens for that is no effect."""

    @functools.wraps(original)
    def read(self: Any, *args: Any, **kwargs: Any) -> Any:
        with effect(None, "", sys._getframe(1)):
            return original(self, *args, **kwargs)

    return read


def wrap_sleep(original: Callable[[float], None]) -> Callable[[float], None]:
    """Wrap ``time.sleep``, which tells the audit hook since Python 3.13 only."""

    @functools.wraps(original)
    def sleep(seconds: float, /) -> None:
        if not _is_inside.get():
            _tell("see_effect", "sleep", "time.sleep", sys._getframe(1), float(seconds))
        original(seconds)

    return sleep


def wrap_enter(original: Callable[[Atomic], None]) -> Callable[[Atomic], None]:
    """Wrap ``Atomic.__enter__``."""

    @functools.wraps(original)
    def enter(self: Any) -> None:
        original(self)
        if active.get(None) is not None:
            _tell("see_begin", transaction.get_connection(self.using), self, sys._getframe(1))

    return enter


def wrap_exit(original: Callable[..., None]) -> Callable[..., None]:
    """Wrap ``Atomic.__exit__``; told before it runs, as functions of ``on_commit()`` run in it."""

    @functools.wraps(original)
    def leave(self: Any, *exc: Any) -> None:
        if active.get(None) is not None:
            _tell("see_end", transaction.get_connection(self.using))
        original(self, *exc)

    return leave


class _Audit:
    """The audit hook of the process, which listens while the patches are installed."""

    def __init__(self) -> None:
        self.is_listening = False
        self._is_added = False

    def listen(self) -> None:
        """Listen until ``stop()``. See Note [The audit hook stays]."""
        if not self._is_added:
            self._is_added = True
            sys.addaudithook(self._hook)
        self.is_listening = True

    def stop(self) -> None:
        """Listen no more."""
        self.is_listening = False

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.is_listening:
            return
        read = _EVENTS.get(event)
        if read is None or _is_inside.get() or active.get(None) is None:
            return
        found = read(*args)
        if found is not None:
            kind, name, seconds = found
            _tell("see_effect", kind, name, sys._getframe(1), seconds)


audit = _Audit()

_Found = tuple[EffectKind, str, float]


def _send(connection: object, data: object) -> _Found | None:
    # A request is sent in parts, and the first of them begins with its line.
    is_first = isinstance(data, (bytes, bytearray)) and _REQUEST_LINE.match(data)
    return ("http", "http.client", 0.0) if is_first else None


def _connect(connection: Any, address: object) -> _Found | None:
    is_stream = connection.type & socket.SOCK_STREAM and connection.family in _INTERNET
    return ("network", "socket", 0.0) if is_stream and isinstance(address, tuple) else None


def _mail(*_: object) -> _Found:
    return "mail", "smtplib", 0.0


def _process(*_: object) -> _Found:
    return "subprocess", "subprocess", 0.0


def _sleep(seconds: float) -> _Found:
    return "sleep", "time.sleep", float(seconds)


_EVENTS: dict[str, Callable[..., _Found | None]] = {
    "http.client.send": _send,
    "os.system": _process,
    "smtplib.connect": _mail,
    "socket.connect": _connect,
    "subprocess.Popen": _process,
    "time.sleep": _sleep,
}
