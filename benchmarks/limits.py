"""
Measure ways to load the first three rows of each parent.

``python -m benchmarks.limits [--database sqlite|postgres|mariadb] [--children N] [--rounds N]``
"""

import argparse
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.own_database import arguments, own_database

PARENTS = 200
PAGE = 50
FIRST = 3


def main() -> int:
    """Print the median of each way; return 1 if they load different rows."""
    options = _arguments().parse_args()
    with own_database(options.database) as surroundings:
        _fill(options.children)
        ways = _ways()
        is_same = len({tuple(map(tuple, way())) for way in ways.values()}) == 1
        times = _measure(ways, options.rounds)
    print(
        f"{surroundings}; "
        f"{PAGE} of {PARENTS} parents with {options.children} rows each, medians of {options.rounds} rounds"
    )
    for name, spent in times.items():
        print(f"{name} | {median(spent):.1f} ms")
    return int(not is_same)


def _arguments() -> argparse.ArgumentParser:
    parser = arguments("limits", __doc__)
    parser.add_argument("--children", type=int, default=500, help="rows of each parent (default: 500)")
    return parser


def _fill(count: int) -> None:
    from django.db import connection

    from benchmarks.models import JoinedChild, NarrowParent, WideParent

    wide = WideParent.objects.create(text="")
    NarrowParent.objects.bulk_create([NarrowParent(pk=n, name=f"Name {n}") for n in range(1, PARENTS + 1)])
    children = [
        JoinedChild(cell=0, title=f"Child {n}", narrow_id=1 + n % PARENTS, wide=wide)
        for n in range(PARENTS * count)
    ]
    JoinedChild.objects.bulk_create(children, batch_size=5000)
    tables = ", ".join(model._meta.db_table for model in (JoinedChild, NarrowParent))
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE TABLE {tables}" if connection.vendor == "mysql" else "ANALYZE")


def _ways() -> dict[str, Callable[[], list[list[int]]]]:
    """Return each way by name; all return the keys of the first rows of each parent."""
    from django.db import connection
    from django.db.models import Prefetch

    from benchmarks.models import JoinedChild, NarrowParent
    from quell.loading import FetchPlan, Limit

    page = NarrowParent.objects.order_by("pk")[:PAGE]
    rows = JoinedChild.objects.order_by("-pk")
    plan = FetchPlan(limits={"first_rows": Limit("joinedchild_set", FIRST, "-pk")})
    sliced = page.prefetch_related(Prefetch("joinedchild_set", rows[:FIRST], to_attr="first_rows"))

    def read(parents: Any) -> list[list[int]]:  # noqa: ANN401 -- rows with an attribute of a prefetch
        return [[child.pk for child in parent.first_rows] for parent in parents]

    def children(parent: Any) -> Any:  # noqa: ANN401 -- the stubs know no reverse relation of this module
        return parent.joinedchild_set.all()

    def union() -> list[list[int]]:
        slices = [rows.filter(narrow=parent)[:FIRST] for parent in page.all()]
        found: dict[int, list[int]] = {}
        child: Any
        for child in slices[0].union(*slices[1:], all=True):
            found.setdefault(child.narrow_id, []).append(child.pk)
        return [sorted(keys, reverse=True) for _, keys in sorted(found.items())]

    ways: dict[str, Callable[[], list[list[int]]]] = {
        "quell": lambda: read(plan.apply(page.all())),
        "sliced Prefetch": lambda: read(sliced.all()),
        "query per parent": lambda: [
            [child.pk for child in rows.filter(narrow=parent)[:FIRST]] for parent in page.all()
        ],
        "prefetch all": lambda: [
            sorted((child.pk for child in children(parent)), reverse=True)[:FIRST]
            for parent in page.prefetch_related("joinedchild_set")
        ],
    }
    # Django slices no parts of a union() on SQLite.
    return ways if connection.vendor == "sqlite" else {**ways, "UNION ALL": union}


def _measure(ways: dict[str, Callable[[], list[list[int]]]], rounds: int) -> dict[str, list[float]]:
    """Time the ways in turn."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = perf_counter()
            way()
            times[name].append((perf_counter() - start) * 1000)
    return times


if __name__ == "__main__":
    sys.exit(main())
