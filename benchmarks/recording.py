"""
Measure what recorded plans cost per queryset, and what they save.

``python -m benchmarks.recording [--rounds N]``
"""

import argparse
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from statistics import median
from time import process_time

from benchmarks.own_database import own_database

PARENTS = 20
ROWS = 100
PER_ROUND = 60


def main() -> None:
    """Print the ratios, each beside that of bare Django to itself."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recording", description=__doc__)
    parser.add_argument("--rounds", type=int, default=41, help="pairs of runs of each kind (default: 41)")
    rounds = parser.parse_args().rounds
    with own_database("sqlite") as surroundings:
        _fill()
        print(f"{surroundings}; CPU time as a ratio to bare")
        print(f"Django, median and quartiles of {rounds} pairs in turn, {PER_ROUND} evaluations each")
        for name, (bare, work, block) in _cases().items():
            ratios = sorted(_pair(bare, work, block) for _ in range(rounds))
            low, high = ratios[rounds // 4], ratios[-1 - rounds // 4]
            print(f"{name:<58} {median(ratios):.3f} ({low:.3f} to {high:.3f})")


def _fill() -> None:
    from benchmarks.models import JoinedChild, NarrowParent, WideParent

    wide = WideParent.objects.create(text="wide " * 200)
    NarrowParent.objects.bulk_create([NarrowParent(pk=n, name=f"Name {n}") for n in range(1, PARENTS + 1)])
    JoinedChild.objects.bulk_create(
        [JoinedChild(cell=0, title=f"Child {n}", narrow_id=1 + n % PARENTS, wide=wide) for n in range(ROWS)]
    )


def one_row() -> None:
    """Evaluate a queryset of one row."""
    from benchmarks.models import NarrowParent

    list(NarrowParent.objects.filter(pk=1))


def list_by_hand() -> None:
    """Evaluate a list with the plan written into the code."""
    from benchmarks.models import JoinedChild

    for child in JoinedChild.objects.select_related("narrow").only("title", "narrow__name"):
        _ = child.title, child.narrow.name


def naive_list() -> None:
    """Evaluate the same list without it."""
    from benchmarks.models import JoinedChild

    for child in JoinedChild.objects.all():
        _ = child.title, child.narrow.name


Case = tuple[Callable[[], None], Callable[[], None], Callable[[], AbstractContextManager[object]]]


def _cases() -> dict[str, Case]:
    from quell import FetchPlan
    from quell.loading.recorded.blocks import apply_plans
    from quell.loading.recorded.origins import Origin
    from quell.recording import record

    with record() as recorder:
        naive_list()
    elsewhere = Origin("shop.views:index", "benchmarks.NarrowParent", "NarrowParent.objects.all()")
    with record() as recorded_row:
        one_row()
    [origin] = recorded_row.plans
    return {
        "one row, bare against bare": (one_row, one_row, nullcontext),
        "one row, plans for other models": (one_row, one_row, lambda: apply_plans(recorder.needs)),
        "one row, a plan for its model elsewhere": (
            one_row,
            one_row,
            lambda: apply_plans({elsewhere: FetchPlan(only=["name"])}),
        ),
        "one row, with a plan": (one_row, one_row, lambda: apply_plans({origin: FetchPlan(only=["name"])})),
        f"{ROWS} rows with a plan, against the plan in the code": (
            list_by_hand,
            naive_list,
            lambda: apply_plans(recorder.needs),
        ),
        f"{ROWS} rows with a plan, against the code without it": (
            naive_list,
            naive_list,
            lambda: apply_plans(recorder.needs),
        ),
    }


def _pair(
    bare: Callable[[], None], work: Callable[[], None], block: Callable[[], AbstractContextManager[object]]
) -> float:
    before = _time(bare)
    with block():
        between = _time(work)
    return 2 * between / (before + _time(bare))


def _time(work: Callable[[], None]) -> float:
    work()
    start = process_time()
    for _ in range(PER_ROUND):
        work()
    return process_time() - start


if __name__ == "__main__":
    main()
