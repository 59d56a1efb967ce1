"""Q201: what a rollback does not take back, done while a transaction is open."""

from collections import Counter
from collections.abc import Sequence

from quell.events import Location, Recording, SideEffect
from quell.findings import Finding
from quell.paths import portable_path
from quell.wording.sentences import EFFECT_TIMES, EFFECTS, EFFECTS_OF_ALL, INSIDE, OPENED, OPENED_AT

KIND, CODE = "side_effect_in_transaction", "Q201"


def find(recording: Recording) -> tuple[Finding, ...]:
    """Return one finding per line that did something which stays when its transaction is rolled back."""
    by_line: dict[Location, list[SideEffect]] = {}
    for effect in recording.effects:
        if effect.trigger is not None:
            by_line.setdefault(effect.trigger, []).append(effect)
    return tuple(_finding(line, effects) for line, effects in by_line.items())


def _finding(line: Location, effects: Sequence[SideEffect]) -> Finding:
    kinds = Counter(EFFECTS[each.kind](name=each.name, seconds=f"{each.seconds:g}") for each in effects)
    texts = [EFFECT_TIMES(effect=text, count=count) if count > 1 else text for text, count in kinds.items()]
    return Finding(
        kind=KIND,
        code=CODE,
        level="advice",
        count=len(effects),
        origin=line,
        trigger=line,
        triggers=(line,),
        message=INSIDE(
            effects=EFFECTS_OF_ALL.join(texts), opened=began(effects[0].opened_by, effects[0].opened_at)
        ),
    )


def began(opened_by: str, opened_at: Location | None) -> str:
    """Return what opened a transaction, and where."""
    if opened_at is None:
        return OPENED(opener=opened_by)
    return OPENED_AT(opener=opened_by, place=f"{portable_path(opened_at.file)}:{opened_at.line}")
