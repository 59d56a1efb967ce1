"""Which tables were written to after a statement, in the same request, task or test."""

from collections.abc import Sequence

from quell.capture.scope import RawEvent
from quell.lineage.alias import FetchRecord
from quell.sqltext import operation
from quell.sqltext.tables import tables


class Written:
    """
    The writes of a scope.

    Args:
        events: Its statements, in order of execution.
    """

    def __init__(self, events: Sequence[RawEvent]) -> None:
        self._positions: dict[int, int] = {}
        # Position, request, and tables; ``None`` for a statement that may have written anywhere.
        self._writes: list[tuple[int, int, frozenset[str] | None]] = []
        for position, event in enumerate(events):
            if event.fetch is not None:
                self._positions.setdefault(event.fetch.number, position)
            kind = operation(event.sql)
            if kind != "select":
                named = frozenset(name.rpartition(".")[2] for name in tables(event.sql))
                self._writes.append((position, event.call_path.unit, named if kind != "other" else None))

    def after(self, fetch: FetchRecord) -> frozenset[str] | None:
        """Return the tables that were written to after a fetch, while its rows may be there; ``None`` for any."""
        start = self._positions.get(fetch.number, 0)
        unit = fetch.call_path.unit if fetch.call_path is not None else 0
        found: frozenset[str] = frozenset()
        for position, other, named in self._writes:
            if position > start and other == unit:
                if named is None:
                    return None
                found |= named
        return found
