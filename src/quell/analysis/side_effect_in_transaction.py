"""Q201: what a rollback does not take back, done while a transaction is open."""

from collections import Counter
from collections.abc import Sequence

from quell.events import EffectKind, Location, Recording, SideEffect
from quell.findings import Finding
from quell.paths import portable_path

KIND, CODE = "side_effect_in_transaction", "Q201"

_WORDS: dict[EffectKind, str] = {
    "http": "an HTTP request ({name})",
    "mail": "mail ({name})",
    "task": "a task for a worker ({name})",
    "cache": "a write to a cache",
    "subprocess": "another process",
    "network": "a connection to a server",
    "sleep": "a sleep of {seconds:g} s",
}


def find(recording: Recording) -> tuple[Finding, ...]:
    """Return one finding per line that did something which stays when its transaction is rolled back."""
    by_line: dict[Location, list[SideEffect]] = {}
    for effect in recording.effects:
        if effect.trigger is not None:
            by_line.setdefault(effect.trigger, []).append(effect)
    return tuple(_finding(line, effects) for line, effects in by_line.items())


def _finding(line: Location, effects: Sequence[SideEffect]) -> Finding:
    kinds = Counter(_WORDS[each.kind].format(name=each.name, seconds=each.seconds) for each in effects)
    what = " and ".join(f"{text} {count} times" if count > 1 else text for text, count in kinds.items())
    return Finding(
        kind=KIND,
        code=CODE,
        level="advice",
        count=len(effects),
        origin=line,
        trigger=line,
        triggers=(line,),
        message=f"{what} inside the transaction {began(effects[0].opened_by, effects[0].opened_at)}",
    )


def began(opened_by: str, opened_at: Location | None) -> str:
    """Return what opened a transaction, and where."""
    where = f" at {portable_path(opened_at.file)}:{opened_at.line}" if opened_at is not None else ""
    return f"of {opened_by}{where}"
