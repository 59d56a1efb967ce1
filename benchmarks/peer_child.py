"""
What one process does for the comparison: ``python -m benchmarks.peer_child cost|memory|corpus``.

The environment variable ``QUELL_PEER`` names the tool; the last line of output is JSON.
"""

import gc
import json
import os
import random
import sys
import time
import tracemalloc
from collections.abc import Callable

from benchmarks.peer_tools import check_bare, chosen

REPEATS = 2


def cost(seed: int) -> dict[str, list[tuple[float, float]]]:
    """
    Run every scenario inside of the tool.

    Returns:
        CPU seconds of each run by scenario: of the run itself, and of the answer afterwards.
    """
    from benchmarks.peer_scenarios import SCENARIOS

    for run in SCENARIOS.values():
        measure(run)
    order = [name for name in SCENARIOS for _ in range(REPEATS)]
    random.Random(seed).shuffle(order)
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in SCENARIOS}
    for name in order:
        samples[name].append(measure(SCENARIOS[name]))
    return samples


def measure(run: Callable[[], object]) -> tuple[float, float]:
    """Run something inside of the tool; return the CPU seconds of the run, and of the answer."""
    gc.collect()
    start = time.process_time()
    with chosen().watch() as answer:
        run()
    middle = time.process_time()
    answer()
    return middle - start, time.process_time() - middle


def memory() -> int:
    """Return the bytes that many rows take while they live, with what the tool keeps about them."""
    from benchmarks.scenarios import load_rows

    with chosen().watch():
        load_rows()
    gc.collect()
    tracemalloc.start()
    with chosen().watch():
        rows = load_rows()
        gc.collect()
        size = tracemalloc.get_traced_memory()[0]
    del rows
    return size


def main(arguments: list[str]) -> None:
    """Do one of the three, and print what came of it."""
    part, seed = arguments[0], int(arguments[1])
    settings = "benchmarks.peer_corpus_settings" if part == "corpus" else "benchmarks.peer_settings"
    os.environ["DJANGO_SETTINGS_MODULE"] = settings
    import django

    django.setup()
    chosen().prepare()
    result: object
    if part == "corpus":
        from benchmarks.peer_corpus import run_all

        result = run_all()
    else:
        result = cost(seed) if part == "cost" else memory()
        check_bare()
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1:])
