"""What is folded: findings of one place on one endpoint, with the numbers of many requests."""

from dataclasses import dataclass, field
from hashlib import sha256

HOUR_SECONDS = 3600
DAY_SECONDS = 24 * HOUR_SECONDS
# How long trends are kept; a finding that is not seen for as long as its days are kept is forgotten by Redis.
HOURS_KEPT_SECONDS = 8 * DAY_SECONDS
DAYS_KEPT_SECONDS = 400 * DAY_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """
    What a finding says of itself, on one endpoint: texts only, and no parameters.

    Files are below ``BASE_DIR``, so that they are equal on all hosts. ``anchor`` is the code of the line of the
    origin, which tells whether the line is still the one that was meant.
    """

    fingerprint: str
    endpoint: str
    code: str
    kind: str
    level: str
    model: str = ""
    path: str = ""
    origin: str = ""
    function: str = ""
    anchor: str = ""
    trigger: str = ""
    place: str = ""
    suggestion: str = ""
    message: str = ""

    @property
    def key(self) -> str:
        """What tells it from all others."""
        text = f"{self.fingerprint}\0{self.endpoint}"
        return sha256(text.encode(errors="surrogateescape")).hexdigest()[:32]


@dataclass(slots=True, kw_only=True)
class Total:
    """
    The numbers of one finding on one endpoint; times are seconds since 1970, as whole numbers.

    ``hours`` maps the beginning of an hour to the number of requests and of saved queries in it.
    """

    facts: Facts
    release: str
    requests: int = 0
    queries: int = 0
    saved: int = 0
    worst: int = 0
    first_seen: int = 0
    last_seen: int = 0
    hours: dict[int, tuple[int, int]] = field(default_factory=dict)

    def add(self, *, count: int, saved: int, seen_at: int) -> None:
        """Add one request."""
        self.requests += 1
        self.queries += count
        self.saved += saved
        self.worst = max(self.worst, count)
        self.first_seen = min(self.first_seen or seen_at, seen_at)
        self.last_seen = max(self.last_seen, seen_at)
        hour = seen_at - seen_at % HOUR_SECONDS
        requests, all_saved = self.hours.get(hour, (0, 0))
        self.hours[hour] = requests + 1, all_saved + saved


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """All that a store knows of one finding on one endpoint; ``days`` is to days what ``total.hours`` is to hours."""

    total: Total
    first_release: str
    days: dict[int, tuple[int, int]]


def days_of(hours: dict[int, tuple[int, int]]) -> dict[int, tuple[int, int]]:
    """Add hours up to days, in UTC."""
    days: dict[int, tuple[int, int]] = {}
    for hour, (requests, saved) in hours.items():
        day = hour - hour % DAY_SECONDS
        before = days.get(day, (0, 0))
        days[day] = before[0] + requests, before[1] + saved
    return days
