"""Which blocks of ``quell.ignore()`` are open in this context."""

from contextvars import ContextVar

from quell.events import Pattern

ignored: ContextVar[tuple[Pattern, ...]] = ContextVar("quell_ignored", default=())


def enter(pattern: Pattern) -> None:
    """Silence what runs from now on in this context, its tasks and its threads."""
    ignored.set((*ignored.get(), pattern))


def leave(pattern: Pattern) -> None:
    """
    End a block of this pattern.

    By identity and not by token: one object may be open several times, in other tasks and threads too, and an
    async generator may end its block in another context than it began.
    """
    patterns = list(ignored.get())
    for position in reversed(range(len(patterns))):
        if patterns[position] is pattern:
            del patterns[position]
            break
    ignored.set(tuple(patterns))
