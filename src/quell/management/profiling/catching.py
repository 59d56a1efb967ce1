"""Errors of the project's own code, which end one page and never the command."""

from types import TracebackType

from quell.wording.outcomes import RAISES

_MAX_LENGTH = 200


class Caught:
    """
    A block of the project's code; what it raises ends the block, and is kept.

    A view may raise anything, also what ends a process; only an interrupt from the keyboard goes on.
    """

    error: BaseException | None = None

    def __enter__(self) -> "Caught":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.error = error
        return error is not None and not isinstance(error, KeyboardInterrupt)


def one_line(error: BaseException) -> str:
    """Return an error as the end of a sentence, in one printable line."""
    told = f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")
    text = RAISES(error=told)
    return "".join(sign if sign.isprintable() else "?" for sign in text)[:_MAX_LENGTH]
