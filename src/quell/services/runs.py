"""One run of a service: its blocks on all its databases, ended in the order that it names."""

from collections.abc import Sequence
from functools import partial

from django.db import Error, InterfaceError, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from quell.exceptions import OutcomeUnknown, PartlyCommitted, TransactionAborted
from quell.services.beginning import remove_wrapper
from quell.services.blocks import Block, open_block
from quell.services.guarding import Wrapper, guard_others
from quell.services.hooks import Hook, taken_hooks
from quell.services.observing import Observation
from quell.services.options import Options
from quell.services.origins import Place
from quell.services.transient import fault_of


class Run:
    """One try of a service; every method runs in the thread that owns the connections."""

    __slots__ = ("_guarded", "_seen", "blocks", "hooks", "is_outermost", "options", "place")

    def __init__(self, options: Options, place: Place | None, seen: Observation | None = None) -> None:
        self.options = options
        self.place = place
        self.blocks: list[Block] = []
        self.hooks: list[Hook] = []
        # Whether the run ends a transaction, rather than leave that to the block around it.
        self.is_outermost = True
        self._seen = seen
        self._guarded: Sequence[tuple[BaseDatabaseWrapper, Wrapper]] = ()

    def begin(self) -> None:
        """Open a block on each database; when one fails, none stays open."""
        try:
            for alias in self.options.aliases:
                block = open_block(alias, self.options, self.place)
                self.blocks.append(block)
                if block.kind == "joined":
                    self.is_outermost = False
        except BaseException as error:
            self.roll_back(error)
            raise
        if self._seen is not None:
            self._watch(self._seen)
        if self.is_outermost and len(connections.settings) > len(self.blocks):
            self._guarded = guard_others(self.options)

    def commit(self) -> None:
        """
        End all blocks; afterwards ``hooks`` holds what runs after the commit.

        Raises:
            TransactionAborted: If the rows of a database would be lost; those of all are.
            PartlyCommitted: If one could not commit after another one had.
            OutcomeUnknown: If the connection was lost during the commit.
        """
        blocks = self.blocks
        try:
            for block in blocks:
                block.check()
        except TransactionAborted as error:
            self.roll_back(error)
            raise
        self._leave_guard()
        hooks: list[Hook] = []
        for block in blocks:
            if block.kind == "outermost":
                hooks += taken_hooks(block.connection)
        committed: list[str] = []
        while blocks:
            block = blocks.pop(0)
            try:
                block.commit()
            except Error as error:
                rest = tuple(item.connection.alias for item in blocks)
                self.roll_back(error)
                self._explain(block, error, tuple(committed), rest)
                raise
            except BaseException as error:
                self.roll_back(error)
                raise
            committed.append(block.connection.alias)
        self.hooks = hooks

    def roll_back(self, error: BaseException) -> None:
        """End all blocks without their rows."""
        self._leave_guard()
        while self.blocks:
            self.blocks.pop().roll_back(error)

    def skip(self) -> None:
        """Count a run that needed no transaction."""
        if self._seen is not None:
            self._seen.tries += 1

    def _watch(self, seen: Observation) -> None:
        seen.tries += 1
        seen.outcome = "committed" if self.is_outermost else "joined"
        wrapper = seen.count_query
        for block in self.blocks:
            connection = block.connection
            connection.execute_wrappers.append(wrapper)
            block.undo.append(partial(remove_wrapper, connection, wrapper))

    def _leave_guard(self) -> None:
        for connection, guard in self._guarded:
            remove_wrapper(connection, guard)
        self._guarded = ()

    def _explain(self, block: Block, error: Error, committed: tuple[str, ...], rest: tuple[str, ...]) -> None:
        """Raise what tells more than the error of a commit; return where the error tells all."""
        name, alias = self.options.name, block.connection.alias
        if committed:
            msg = (
                f'{name} committed on {", ".join(committed)} and failed to commit on "{alias}": its databases '
                "disagree. No transaction spans two databases; name last the one that everything else can be "
                "made up from, and repair the others from it."
            )
            raise PartlyCommitted(
                msg, service=name, alias=alias, committed=committed, rolled_back=(alias, *rest)
            ) from error
        if block.kind == "outermost" and not fault_of(error) and _is_lost(error):
            msg = (
                f'{name} lost the connection to "{alias}" while it committed: the rows may be there or not. '
                "Look, or call it again with the same idempotency key."
            )
            raise OutcomeUnknown(msg, service=name, alias=alias) from error


def _is_lost(error: Error) -> bool:
    """Tell whether an error says that the connection is gone, rather than that the rows were refused."""
    number = error.args[0] if error.args else None
    if isinstance(number, int):
        return number in _MYSQL_GONE
    cause = error.__cause__
    sqlstate = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    if sqlstate:
        # Connection exceptions, and a server that is told to stop.
        return str(sqlstate).startswith(("08", "57P"))
    # A driver that lost its server has no code to tell.
    is_sqlite = hasattr(cause, "sqlite_errorcode")
    return cause is not None and not is_sqlite and isinstance(error, (OperationalError, InterfaceError))


# CR_SERVER_GONE_ERROR, CR_SERVER_LOST, CR_SERVER_LOST_EXTENDED, ER_CONNECTION_KILLED; PyMySQL: closed.
_MYSQL_GONE = (0, 2006, 2013, 2055, 1927)
