"""
What ``quell.watch(profile=True)`` costs: CPU time, as ratios against bare Django in the same process.

Usage: ``DJANGO_SETTINGS_MODULE=benchmarks.settings python -m benchmarks.profiling``, in an environment with Django.
"""

from collections.abc import Callable
from statistics import median
from time import process_time

import django

ROUNDS = 7


def _work() -> dict[str, Callable[[], object]]:
    from benchmarks import scenarios
    from benchmarks.models import Ticket

    scenarios.fill()

    def read_column() -> None:
        ticket = Ticket.objects.get(pk=1)
        for _ in range(scenarios.TOUCH_COUNT):
            ticket.title  # noqa: B018 -- the access is the work

    return {
        f"loading {scenarios.ROW_COUNT:,} rows": scenarios.load_rows,
        "reading a loaded foreign key": scenarios.touch_loaded,
        "reading a column": read_column,
        f"{scenarios.LISTS} DRF lists of {scenarios.LIST_SIZE} rows, eager": scenarios.serialize_lists,
    }


def _seconds(run: Callable[[], object]) -> float:
    start = process_time()
    run()
    return process_time() - start


def main() -> None:
    """Print one line per piece of work: median ratio, lowest, highest."""
    import quell

    for name, run in _work().items():
        run()
        ratios = []
        for _ in range(ROUNDS):
            bare = _seconds(run)
            with quell.watch(profile=True):
                ratios.append(_seconds(run) / bare)
        print(f"{name:<36} {median(ratios):5.2f} {min(ratios):5.2f} {max(ratios):5.2f}")


if __name__ == "__main__":
    django.setup()
    main()
