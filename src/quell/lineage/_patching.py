"""Reversible replacements in Django or asgiref; which ones there are is told by the modules of patches."""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

# Each change of a class uses up one of its 1,000 version tags in CPython; after that, method lookups on
# QuerySet would stay slow for good. So after this many rounds the hooks stay where they are, idle.
MAX_ROUNDS = 200


@dataclass(slots=True)
class Patch:
    """One reversible replacement of ``owner.name``, or an attribute that the owner does not have by itself."""

    owner: Any
    name: str
    wrap: Callable[[Any], Any]
    is_addition: bool = False
    _original: Any = field(default=None, init=False)
    _installed: Any = field(default=None, init=False)

    def install(self) -> None:
        """Do nothing when already installed, unless somebody who patched on top put the original back."""
        current = None if self.is_addition else self.owner.__dict__[self.name]
        if self._installed is not None and current is not self._original:
            return
        self._original = current
        self._installed = self.wrap(self._original)
        setattr(self.owner, self.name, self._installed)

    def uninstall(self) -> None:
        """Restore the original, unless somebody patched on top: theirs needs this one, which stays, idle."""
        if self._installed is None or self.owner.__dict__.get(self.name) is not self._installed:
            return
        if self.is_addition:
            delattr(self.owner, self.name)
        else:
            setattr(self.owner, self.name, self._original)
        self._installed = None


class Installation:
    """How many scopes need some patches, over all threads."""

    def __init__(self) -> None:
        self._renew_lock()
        self.holders = 0
        self.rounds = 0
        self.is_kept = False
        os.register_at_fork(after_in_child=self._renew_lock)

    def _renew_lock(self) -> None:
        # In a process that was forked, a thread that is not there may hold the old one.
        self.lock = threading.RLock()

    def acquire(self) -> None:
        """Install the patches for one more scope."""
        with self.lock:
            if not self.holders:
                self._install()
            self.holders += 1

    def release(self) -> None:
        """Take the patches off after the last scope."""
        with self.lock:
            self.holders -= 1
            if self.holders:
                return
            self.rounds += 1
            if self.rounds >= MAX_ROUNDS:
                self.keep()
            else:
                self._uninstall()

    def keep(self) -> None:
        """Keep the patches, idle where no scope is open, until the process ends."""
        with self.lock:
            if not self.is_kept:
                self.acquire()
                self.is_kept = True

    def _install(self) -> None:
        """Install what is not installed: patches that are to be kept are."""
        raise NotImplementedError

    def _uninstall(self) -> None:
        raise NotImplementedError
