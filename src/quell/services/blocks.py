"""
One block of quell's on one connection: the outermost, one that joined, or a savepoint.

# Note [Blocks are Django's blocks]
A block is an ``Atomic`` that Django keeps among its own, so each connection knows by itself what is open on it, in
every thread, and plain ``atomic()`` blocks may stand inside and around. The blocks of a test case do not count: a
service that is tested opens its transaction as a savepoint inside the test's, and everything else is the same.
"""

from typing import Any, Literal

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import Atomic

from quell.exceptions import (
    JoinNotPossible,
    NestedTransaction,
    RetryNotPossible,
    TransactionAborted,
    TransactionRequired,
)
from quell.services.beginning import Undo, begin, remove_wrapper
from quell.services.dooming import mark_deadlock, reason_of
from quell.services.guarding import forbid_writes
from quell.services.options import LEVELS, Options
from quell.services.origins import Place, origin_of

Kind = Literal["outermost", "test", "joined", "savepoint"]


class Block(Atomic):
    """A block that knows the service that opened it and the line that called it."""

    def __init__(
        self, connection: BaseDatabaseWrapper, options: Options, kind: Kind, place: Place | None
    ) -> None:
        super().__init__(connection.alias, kind != "joined", durable=False)
        # django-stubs lack what the blocks of a connection leave on it.
        self.connection: Any = connection
        self.options = options
        self.service = options.name
        self.kind = kind
        self.place = place
        self.undo: list[Undo] = []
        # The run that a context manager finds again when it is left.
        self.run: object = None

    @property
    def is_whole(self) -> bool:
        """Whether its end is the end of the transaction."""
        return self.kind in {"outermost", "test"}

    def open(self) -> None:
        """Begin the transaction, or the savepoint, and tell the database what it has to be like."""
        connection = self.connection
        self.__enter__()
        options = self.options
        # What an earlier transaction left behind is not the reason for what happens to this one.
        connection.rollback_exc = None
        if self.kind == "joined" and not options.is_read_only:
            return
        try:
            self._set_up()
        except BaseException as error:
            self.roll_back(error)
            raise

    def _set_up(self) -> None:
        connection, options, kind = self.connection, self.options, self.kind
        if options.is_read_only:
            self.undo.append(forbid_writes(connection, options.name))
        if self.is_whole:
            if options.needs_setup:
                self.undo += begin(connection, options, is_in_test=kind == "test")
            if connection.vendor == "mysql":
                connection.execute_wrappers.append(mark_deadlock)
                self.undo.append(lambda: remove_wrapper(connection, mark_deadlock))

    def check(self) -> None:
        """
        Check that the block can end as its code believes that it does.

        Raises:
            TransactionAborted: If its rows would be lost.
        """
        reason = reason_of(self.connection)
        if reason:
            raise aborted(self, reason) from self.connection.rollback_exc

    def commit(self) -> None:
        """End the block: commit, release the savepoint, or leave that to the block around it."""
        try:
            self.__exit__(None, None, None)
        finally:
            self._put_back()

    def roll_back(self, error: BaseException) -> None:
        """End the block without its rows; one that joined dooms the block around it."""
        if self.kind == "joined" and self.connection.rollback_exc is None and isinstance(error, Exception):
            self.connection.rollback_exc = error
        try:
            self.__exit__(type(error), error, error.__traceback__)
        finally:
            self._put_back()

    def _put_back(self) -> None:
        while self.undo:
            self.undo.pop()()


_SAVEPOINT_ADVICE = "Let the error out of the service, or put the part that may fail into savepoint()."


def aborted(block: Block, reason: str, advice: str = _SAVEPOINT_ADVICE) -> TransactionAborted:
    """Return the error of a block that ended normally, and yet its rows are lost."""
    alias = block.connection.alias
    msg = f'{block.service} returned, but its rows on "{alias}" were rolled back: {reason}. {advice}'
    return TransactionAborted(msg, service=block.service, alias=alias, reason=reason)


def real_blocks(connection: BaseDatabaseWrapper) -> list[Atomic]:
    """Return the open blocks of a connection without those of a test case, the outermost first."""
    blocks: list[Any] = connection.atomic_blocks
    return [block for block in blocks if not block._from_testcase]


def is_open(connection: BaseDatabaseWrapper) -> bool:
    """Tell whether a transaction is open on a connection, one of a test case aside."""
    if connection.in_atomic_block:
        return bool(real_blocks(connection)) or not connection.atomic_blocks
    return is_entered(connection)


def is_entered(connection: BaseDatabaseWrapper) -> bool:
    """Tell whether a transaction is open on a connection, be it one of a test case."""
    # Without a connection, nobody has switched autocommit off yet.
    return connection.in_atomic_block or (connection.connection is not None and not connection.autocommit)


def open_block(alias: str, options: Options, place: Place | None) -> Block:
    """
    Open the transaction of a service.

    Raises:
        NestedTransaction: If one is open already, and the service neither joins it nor can.
    """
    connection = connections[alias]
    kind: Kind = "outermost"
    if connection.in_atomic_block or not connection.get_autocommit():
        kind = kind_inside(connection, options)
    block = Block(connection, options, kind, place)
    block.open()
    return block


def open_savepoint(alias: str, options: Options, place: Place | None) -> Block:
    """
    Open a savepoint.

    Raises:
        TransactionRequired: If no transaction is open.
    """
    connection = connections[alias]
    require(connection, options.name)
    block = Block(connection, options, "savepoint", place)
    block.open()
    return block


def require(connection: BaseDatabaseWrapper, name: str) -> None:
    """
    Check that a transaction is open.

    Raises:
        TransactionRequired: If none is; that of a test case does not count.
    """
    if not is_open(connection):
        raise required(name, connection.alias)


def required(name: str, alias: str) -> TransactionRequired:
    """Return the error of what needs a transaction."""
    msg = (
        f'{name} needs an open transaction on "{alias}", and none is open. '
        "Call it inside a function with @service, or inside transaction.atomic()."
    )
    return TransactionRequired(msg, service=name, alias=alias)


def refused(connection: BaseDatabaseWrapper, options: Options) -> NestedTransaction:
    """Return the error of a service that is nested and may not be."""
    return _nested(
        NestedTransaction,
        connection,
        options,
        "opens a transaction of its own, but one is open already",
        'Call it outside of that one, or give it nested="join" so that it becomes a part of it.',
    )


def kind_inside(connection: BaseDatabaseWrapper, options: Options) -> Kind:
    """
    Return what a service becomes on a connection with an open transaction.

    Raises:
        NestedTransaction: If it may not become a part of that one.
    """
    blocks = real_blocks(connection)
    if not blocks and connection.atomic_blocks:
        return "test"
    if options.nested != "join":
        raise refused(connection, options)
    wholes = (block for block in reversed(blocks) if isinstance(block, Block) and block.is_whole)
    given = next((block.options for block in wholes), None)
    if options.retry is not None and (given is None or given.retry is None):
        raise _nested(
            RetryNotPossible,
            connection,
            options,
            "has retry= and would join a transaction that is not run again: after a serialization failure or a "
            "deadlock only the whole transaction can be",
            "Give retry= to the service that opens it, or call this one outside of it.",
        )
    lacking = _lacking(options, given)
    if lacking:
        raise _nested(
            JoinNotPossible,
            connection,
            options,
            f"asks for {lacking}, which cannot be changed inside a transaction that is open already",
            "Ask for it where that transaction is opened, or call this service outside of it.",
        )
    return "joined"


def _nested(
    kind: type[NestedTransaction], connection: BaseDatabaseWrapper, options: Options, fact: str, advice: str
) -> NestedTransaction:
    blocks = real_blocks(connection)
    origin = origin_of(connection, blocks[0] if blocks else None)
    msg = f'{options.name} {fact} on "{connection.alias}": it began in {origin}. {advice}'
    return kind(
        msg,
        service=options.name,
        alias=connection.alias,
        opened_by=origin.opened_by,
        opened_at=origin.opened_at,
    )


def _lacking(wanted: Options, given: Options | None) -> str:
    """Name what a service that joins asks for and the open transaction does not give."""
    if wanted.isolation is not None:
        level = given.isolation if given is not None else None
        if level is None or LEVELS.index(level) < LEVELS.index(wanted.isolation):
            return f'isolation="{wanted.isolation}"'
    if wanted.is_deferrable and not (given is not None and given.is_deferrable):
        return "deferrable=True"
    for name in ("lock_timeout_ms", "statement_timeout_ms"):
        value: int | None = getattr(wanted, name)
        limit: int | None = getattr(given, name) if given is not None else None
        if value is not None and (limit is None or limit > value):
            return f"{name}={value}"
    return ""
