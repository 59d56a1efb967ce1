"""
Measure numbers of each row: quell against subqueries by hand and a query for each row.

``python -m benchmarks.per_object [--database sqlite|postgres|mariadb] [--rows N] [--rounds N]``
"""

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

from benchmarks.own_database import arguments, own_database

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from quell.aggregation import Statistics

PAGE = 50
COMMENTS, TAGS = 5, 3
# By how much quell may be slower than a subquery for each number of the whole list.
MOST = 1.15


def main() -> int:
    """Print a line for each list; return 1 if subqueries by hand are faster for the whole list."""
    options = _arguments().parse_args()
    with own_database(options.database) as surroundings:
        _fill(options.rows)
        print(f"{surroundings}; medians of {options.rounds} interleaved rounds in milliseconds")
        print("rows | a query each | subqueries by hand | quell | batched | quell / by hand")
        _line(PAGE, options.rounds)
        ratio = _line(options.rows, options.rounds)
    return 0 if ratio <= MOST else 1


def _arguments() -> argparse.ArgumentParser:
    parser = arguments("per_object", __doc__)
    parser.add_argument("--rows", type=int, default=20_000, help="rows of the list (default: 20,000)")
    return parser


def _fill(count: int) -> None:
    from django.db import connection

    from benchmarks.models import Comment, Customer, Tag, Ticket

    customer = Customer.objects.create(name="Ann", email="ann@example.com")
    tags = [Tag.objects.create(name=f"tag {number}") for number in range(TAGS)]
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    Ticket.objects.bulk_create(
        [
            Ticket(customer=customer, title="x", state="open", priority=1, created_at=moment)
            for _ in range(count)
        ],
        batch_size=5_000,
    )
    keys = list(Ticket.objects.values_list("pk", flat=True))
    for number in range(COMMENTS):
        Comment.objects.bulk_create(
            [Comment(ticket_id=key, body="x" * (number + key % 7)) for key in keys], batch_size=5_000
        )
    through: Any = Ticket.tags.through
    for tag in tags:
        through.objects.bulk_create([through(ticket_id=key, tag_id=tag.pk) for key in keys], batch_size=5_000)
    with connection.cursor() as cursor:
        cursor.execute(_ANALYZE[connection.vendor])


_ANALYZE = {
    "postgresql": "VACUUM ANALYZE",
    "sqlite": "ANALYZE",
    "mysql": "ANALYZE TABLE benchmarks_ticket, benchmarks_comment, benchmarks_ticket_tags",
}


def _line(count: int, rounds: int) -> float:
    ways = _ways(count)
    results = {name: way() for name, way in ways.items()}
    if any(found != results["quell"] for found in results.values()):
        raise RuntimeError(count)
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = perf_counter()
            way()
            times[name].append((perf_counter() - start) * 1000)
    found = {name: median(spent) for name, spent in times.items()}
    ratio = found["quell"] / found["by hand"]
    each = f"{found['each']:.1f}" if "each" in found else "-"
    print(
        f"{count:,} | {each} | {found['by hand']:.1f} | {found['quell']:.1f} | {found['batched']:.1f} | {ratio:.2f}",
        flush=True,
    )
    return ratio


def _ways(count: int) -> dict[str, Callable[[], list[tuple[int, ...]]]]:
    from django.db.models import Count, Max, Q, Sum, TextField
    from django.db.models.functions import Length

    from benchmarks.models import Comment, Ticket

    TextField.register_lookup(Length)
    rows = Ticket.objects.order_by("pk")[:count]
    long = Q(body__length__gt=5)
    by_name = {
        "comment_count": Count("pk"),
        "long_count": Count("pk", filter=long),
        "size": Sum(Length("body")),
        "longest": Max(Length("body")),
    }
    declared = _declared()

    def read(queryset: "QuerySet[Any, Any]") -> list[tuple[int, ...]]:
        return [tuple(getattr(row, name) for name in declared.keys()) for row in queryset]  # noqa: SIM118

    def each() -> list[tuple[int, ...]]:
        return [
            (*Comment.objects.filter(ticket=row).aggregate(**by_name).values(), row.tags.count())
            for row in rows.all()
        ]

    ways = {
        "by hand": lambda: read(_by_hand(rows, by_name)),
        "quell": lambda: read(declared.annotate(rows)),
        "batched": lambda: read(declared.annotate(rows, batched=True)),
    }
    return {"each": each, **ways} if count <= PAGE else ways


def _declared() -> "Statistics":
    from django.db.models.functions import Length

    from benchmarks.models import Ticket
    from quell.aggregation import Count, Max, Statistics, Sum

    return Statistics.of(
        Ticket,
        comment_count=Count("comments"),
        long_count=Count("comments", comments__body__length__gt=5),
        size=Sum(Length("comments__body")),
        longest=Max(Length("comments__body")),
        tag_count=Count("tags"),
    )


def _by_hand(rows: "QuerySet[Any, Any]", by_name: dict[str, Any]) -> "QuerySet[Any, Any]":
    from django.db.models import Count, OuterRef, Subquery

    from benchmarks.models import Comment, Ticket

    comments = Comment.objects.filter(ticket=OuterRef("pk")).order_by().values("ticket")
    through: Any = Ticket.tags.through
    tags = through.objects.filter(ticket=OuterRef("pk")).order_by().values("ticket")
    found: QuerySet[Any, Any] = rows.annotate(
        **{name: Subquery(comments.annotate(n=number).values("n")) for name, number in by_name.items()},
        tag_count=Subquery(tags.annotate(n=Count("pk")).values("n")),
    )
    return found


if __name__ == "__main__":
    sys.exit(main())
