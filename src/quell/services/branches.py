"""Where inside of an async service the running task is: in which savepoint, and in which read-only block."""

from contextvars import ContextVar


class Branch:
    """A savepoint that a task is in; tasks that it starts are below it."""

    __slots__ = ("block", "doom", "parent")

    def __init__(self, parent: "Branch | None") -> None:
        self.parent = parent
        self.block: object = None
        # The error of a joined service that somebody caught.
        self.doom: BaseException | None = None

    def includes(self, other: "Branch | None") -> bool:
        """Tell whether another savepoint is this one or lies inside of it."""
        while other is not None and other is not self:
            other = other.parent
        return other is self


current_branch: ContextVar[Branch | None] = ContextVar("quell_branch", default=None)
# The name of the read-only block that the running code is in.
current_reader: ContextVar[str] = ContextVar("quell_reader", default="")
