"""Errors of the project's own code, which end one page and never the command."""

import os
import sys
import traceback
from types import TracebackType

from quell.wording.outcomes import RAISES

_MAX_LENGTH = 200


class Caught:
    """
    A block of the project's code; what it raises ends the block, and is kept.

    A view may raise anything, also what ends a process; only an interrupt from the keyboard goes on. A process that the
    block forks ends where the block does: what comes behind, as a rollback and the report, is for its parent.
    """

    error: BaseException | None = None

    def __enter__(self) -> "Caught":
        self._process = os.getpid()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if os.getpid() != self._process:
            _end_process(error)
        self.error = error
        return error is not None and not isinstance(error, KeyboardInterrupt)


def one_line(error: BaseException) -> str:
    """Return an error as the end of a sentence, in one printable line."""
    told = f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")
    text = RAISES(error=told)
    return "".join(sign if sign.isprintable() else "?" for sign in text)[:_MAX_LENGTH]


def _end_process(error: BaseException | None) -> None:
    """End this process as Python would, without what its parent left open."""
    status = 0 if error is None else 1
    if isinstance(error, SystemExit) and not isinstance(error.code, str):
        status = error.code or 0
    elif error is not None:
        traceback.print_exception(error)
    sys.stderr.flush()
    os._exit(status)
