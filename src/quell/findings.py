"""What quell concludes: findings, with the place and the code of the fix."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from quell.events import Location

if TYPE_CHECKING:
    from quell.loading.plan import FetchPlan

__all__ = ["Finding", "Level", "Location", "Proof"]

Level = Literal["problem", "advice"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a rerun with the fix showed, or why it showed nothing."""

    verdict: Literal["proven", "not proven"]
    reason: str = ""
    queries_before: int = 0
    queries_after: int = 0
    rows_before: int = 0
    rows_after: int = 0
    ms_before: float = 0.0
    ms_after: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    One cause of needless database work.

    ``fingerprint`` identifies the cause over runs and line shifts: it is made of what was loaded and of the
    functions that built and caused it, never of a line number. ``triggers`` are all lines that caused loads, the one
    that caused most of them first.
    """

    kind: str
    code: str
    level: Level = "problem"
    model: str = ""
    path: str = ""
    count: int = 0
    saved_queries: int = 0
    origin: Location | None = None
    trigger: Location | None = None
    triggers: tuple[Location, ...] = ()
    place: str = ""
    suggestion: str = ""
    message: str = ""
    plan: "FetchPlan | None" = None
    labels: tuple[str, ...] = ()
    proof: Proof | None = None
    fetches: tuple[int, ...] = field(default=(), repr=False, compare=False)

    @property
    def fingerprint(self) -> str:
        """Return an identity that survives line shifts."""
        places = [f"{spot.file}:{spot.function}" for spot in (self.origin, self.trigger) if spot is not None]
        text = "\0".join([self.code, self.model, self.path, *places])
        return sha256(text.encode()).hexdigest()[:16]
