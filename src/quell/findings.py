"""What quell concludes: findings, with the place and the code of the fix."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from quell.anchors import anchor_of
from quell.events import Location, QueryEvent
from quell.paths import portable_path

if TYPE_CHECKING:
    from quell.loading.plan import FetchPlan

__all__ = [
    "CODES",
    "CODES_OF_PROFILES",
    "CODES_OF_TRANSACTIONS",
    "DOCS",
    "Finding",
    "Level",
    "Load",
    "Location",
    "Proof",
    "Silenced",
    "docs_url",
    "of_level",
]

#: A problem fails a run; an advice fails nothing unless asked.
Level = Literal["problem", "advice"]

#: Every kind of finding by its code.
CODES = {
    "Q101": "n_plus_one",
    "Q102": "query_in_loop",
    "Q103": "defeated_prefetch",
    "Q104": "duplicate_query",
    "Q105": "write_in_loop",
    "Q106": "unused_eager_load",
    "Q107": "unused_columns",
    "Q110": "split_statistics",
    "Q201": "side_effect_in_transaction",
    "Q202": "long_transaction",
}

#: Where the documentation of released versions is.
DOCS = "https://django-quell.readthedocs.io/en/stable/"

#: What only a profile looks for: it is about what was loaded, not about statements that ran.
CODES_OF_PROFILES = frozenset({"Q106", "Q107"})
#: What is looked for only where somebody asks for transactions, and is no query.
CODES_OF_TRANSACTIONS = frozenset({"Q201", "Q202"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a rerun with the fix showed, or why it showed nothing; ``is_tried`` tells whether there was a rerun."""

    verdict: Literal["proven", "not proven"]
    reason: str = ""
    queries_before: int = 0
    queries_after: int = 0
    rows_before: int = 0
    rows_after: int = 0
    ms_before: float = 0.0
    ms_after: float = 0.0
    is_tried: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """
    How rows loaded one relation on their own.

    ``row_count`` rows asked, for ``distinct_count`` distinct things; the queryset that they came from ran
    ``evaluation_count`` times.
    """

    path: str
    row_count: int
    distinct_count: int
    evaluation_count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    One cause of needless database work.

    ``fingerprint`` identifies the cause over runs, line shifts and checkouts: it is made of what was loaded and of
    the function and the code of the line that built the queryset to change, or else caused the load; never of a line
    number, nor of the folder that the project lies in. ``call`` is a line that belongs to the cause, too: what
    another line asks of the same queryset is another cause. ``asked`` is the call that the line makes, ``is_beside``
    tells that another call of that line has its identity already. ``triggers`` are all lines that caused loads, the
    one that caused most of them first. ``message`` says in one sentence what happened, with the numbers of the scope
    that saw it. ``statements`` are there for the advice only. ``listing`` has code that takes several lines, where
    ``suggestion`` says it in one.
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
    call: Location | None = field(default=None, repr=False)
    asked: str = field(default="", repr=False)
    is_beside: bool = field(default=False, repr=False)
    place: str = ""
    suggestion: str = ""
    listing: str = field(default="", repr=False)
    message: str = ""
    plan: "FetchPlan | None" = None
    labels: tuple[str, ...] = ()
    proof: Proof | None = None
    # Numbers in pairs: of the fetch to change, 0 where there is none, and of the load that it would save.
    fetches: tuple[int, ...] = field(default=(), repr=False, compare=False)
    # One per hop that this finding is about, the outermost first.
    loads: tuple[Load, ...] = field(default=(), repr=False, compare=False)
    statements: tuple[QueryEvent, ...] = field(default=(), repr=False, compare=False)

    @property
    def fingerprint(self) -> str:
        """Return an identity that survives line shifts and is the same in every checkout."""
        # Not the trigger beside an origin: which of several lines loads most depends on the rows.
        spots = dict.fromkeys((self.origin or self.trigger, self.call))
        asked = [self.asked] if self.is_beside else []
        text = "\0".join([self.code, self.model, self.path, *map(_identity, filter(None, spots)), *asked])
        return sha256(text.encode(errors="surrogateescape")).hexdigest()[:16]


def _identity(spot: Location) -> str:
    return f"{portable_path(spot.file)}:{spot.function}:{anchor_of(spot.file, spot.line, spot.function)}"


def of_level(findings: Iterable[Finding], level: Level) -> tuple[Finding, ...]:
    """Return the findings of one level: problems fail a run, advice does so only where that is asked for."""
    return tuple(finding for finding in findings if finding.level == level)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silenced:
    """
    A finding that somebody chose not to hear of.

    ``by`` tells how: ``"comment"``, ``"block"`` or ``"setting"``; ``where`` in which line or pattern, and ``reason``
    why, as far as they said. Where only some lines or calls of a cause are silenced, the finding has the count of
    those.
    """

    finding: Finding
    by: Literal["comment", "block", "setting"]
    where: str
    reason: str = ""


def docs_url(code: str) -> str:
    """Return the address of the page about a code."""
    return f"{DOCS}findings/{code}.html"
