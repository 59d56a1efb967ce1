"""What was recorded about one origin, and what people wrote beside it."""

from dataclasses import dataclass, replace

from quell.loading.plan import FetchPlan
from quell.loading.recorded.origins import Origin

NO_PLAN = FetchPlan()


@dataclass(frozen=True, slots=True)
class Recorded:
    """
    What the rows of one origin need.

    Attributes:
        plan: The relations that were used and the columns that were read; ``"*"`` where these are all of them, so that
            a run that reads fewer takes none away.
        calls: What many of the rows asked their related managers, such as ``"views.count()"``: no plan loads that,
            so the rows of this origin batch their loads.
    """

    plan: FetchPlan = NO_PLAN
    calls: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.plan or self.calls)

    def __or__(self, other: object) -> "Recorded":
        if not isinstance(other, Recorded):
            return NotImplemented
        return Recorded(self.plan | other.plan, tuple(sorted({*self.calls, *other.calls})))

    def covers(self, other: "Recorded") -> bool:
        """Tell whether this loads all that the other needs."""
        return (self | other) == self


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    One origin of a file of plans.

    Attributes:
        origin: Where the queryset is built.
        recorded: What its rows need.
        keep: Whether a recording leaves it as it is. With an empty plan, the origin gets none.
        note: What people want each other to know.
    """

    origin: Origin
    recorded: Recorded = Recorded()
    keep: bool = False
    note: str = ""

    @property
    def is_empty(self) -> bool:
        """Tell whether the entry says nothing."""
        return not (self.recorded or self.keep or self.note)

    def merged(self, found: Recorded) -> "Entry":
        """Return it with what another run needs."""
        return self if self.keep else replace(self, recorded=self.recorded | found)

    def renewed(self, found: Recorded) -> "Entry":
        """Return it with what this run needs, and no more."""
        return self if self.keep else replace(self, recorded=found)
