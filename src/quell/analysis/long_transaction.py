"""Q202: transactions that are open for long, and hold their locks as long."""

from quell.analysis.side_effect_in_transaction import began
from quell.events import Location, Recording, TransactionEvent
from quell.findings import Finding
from quell.wording.sentences import LONG, STATEMENTS

KIND, CODE = "long_transaction", "Q202"


def find(recording: Recording, *, limit_ms: float) -> tuple[Finding, ...]:
    """Return one finding per place that opened a transaction which was open for at least ``limit_ms``."""
    by_place: dict[tuple[str, Location | None], list[TransactionEvent]] = {}
    for event in recording.transactions:
        if event.duration_ms >= limit_ms:
            by_place.setdefault((event.opened_by, event.opened_at), []).append(event)
    return tuple(_finding(events) for events in by_place.values())


def _finding(events: list[TransactionEvent]) -> Finding:
    longest = max(events, key=lambda event: event.duration_ms)
    place = longest.opened_at
    return Finding(
        kind=KIND,
        code=CODE,
        level="advice",
        count=len(events),
        origin=place,
        trigger=place,
        triggers=(place,) if place is not None else (),
        message=LONG(
            opened=began(longest.opened_by, place),
            seconds=f"{longest.duration_ms / 1000:.1f}",
            other=f"{longest.statement_ms / 1000:.1f}",
            statements=STATEMENTS(count=longest.query_count),
        ),
    )
