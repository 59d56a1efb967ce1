"""
What a service costs over plain Django: ``python -m benchmarks.service_cost [--database NAME]``.

Sync: an empty service over an empty ``transaction.atomic()`` function, in microseconds of CPU time per call. Async: an
insert in a service over the sync function with the same insert in ``atomic()``, called through ``sync_to_async``, by
the clock. Each round runs them a few times in shuffled order, and what counts is the round in which each took least:
other programs only ever make a round slower. The spread is how far the two halves of the rounds differ.
"""

import argparse
import asyncio
import gc
import os
import platform
import random
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from time import perf_counter, process_time

from asgiref.sync import sync_to_async

from tests.database_settings import databases

SYNC_TARGET_US = 10.0
ASYNC_TARGET = 1.3
DATABASES = ("sqlite", "postgres")
BARE = "atomic()"
VERDICTS = {True: "ok", False: "OVER"}


def main() -> int:
    """Measure, and return 1 if a target is missed by more than the spread."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service_cost", description=__doc__)
    parser.add_argument("--database", choices=DATABASES, help="only this one")
    parser.add_argument("--rounds", type=int, default=600, help="(default: 600)")
    parser.add_argument("--calls", type=int, default=20, help="in each round (default: 20)")
    options = parser.parse_args()
    if options.database is None:
        command = [sys.executable, "-m", "benchmarks.service_cost", *sys.argv[1:], "--database"]
        return max(subprocess.run([*command, name], check=False).returncode for name in DATABASES)
    with tempfile.TemporaryDirectory() as folder:
        _prepare(options.database, Path(folder))
        from django.test.utils import setup_databases, teardown_databases

        created = setup_databases(verbosity=0, interactive=False)
        try:
            return _measure(options)
        finally:
            teardown_databases(created, verbosity=0)


def _prepare(database: str, folder: Path) -> None:
    from django.conf import settings

    one, other = databases(database).values()
    if database == "sqlite":
        for name, item in (("one", one), ("other", other)):
            item["NAME"] = str(folder / name)
            item["TEST"] = {"NAME": str(folder / name)}
    settings.configure(
        DATABASES={"default": one, "other": other},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=["tests.serviceapp"],
        SECRET_KEY=f"only here {os.getpid()}",
        USE_TZ=True,
    )
    import django

    django.setup()


def _measure(options: argparse.Namespace) -> int:
    import django
    from django.db import connection

    from benchmarks.service_calls import async_calls, sync_calls

    gc.collect()
    gc.freeze()
    versions = f"Python {platform.python_version()}, Django {django.get_version()}, {connection.display_name}"
    print(f"{versions}; least of {options.rounds} x {options.calls} calls")
    sync = sync_calls()
    times = _rounds(sync, options.rounds, options.calls)
    print(f"{'sync':<32}{'us/call':>9}{'over':>8}{'spread':>8}{'target':>8}  verdict")
    are_within = [_sync_line(name, times) for name in sync]
    found = asyncio.run(_async_rounds(async_calls(), options.rounds, max(options.calls // 2, 1)))
    print(f"{'async, one insert':<32}{'us/call':>9}{'ratio':>8}{'spread':>8}{'target':>8}  verdict")
    are_within += [_async_line(name, found) for name in found]
    return int(not all(are_within))


def _rounds(calls: Mapping[str, Callable[[], object]], rounds: int, count: int) -> dict[str, list[float]]:
    """Return microseconds per call, by name, of each round."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds + 1):
        for name in random.sample(list(calls), len(calls)):
            call = calls[name]
            began = process_time()
            for _ in range(count):
                call()
            if number:  # the first round warms up
                times[name].append((process_time() - began) / count * 1e6)
    return times


async def _async_rounds(
    calls: Mapping[str, Callable[[], Awaitable[object]]], rounds: int, count: int
) -> dict[str, list[float]]:
    from django.db import connections

    times: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds + 1):
        for name in random.sample(list(calls), len(calls)):
            call = calls[name]
            began = perf_counter()
            for _ in range(count):
                await call()
            if number:
                times[name].append((perf_counter() - began) / count * 1e6)
    await sync_to_async(connections.close_all)()
    return times


def _sync_line(name: str, times: Mapping[str, list[float]]) -> bool:
    over, *halves = [least[name] - least[BARE] for least in _least(times)]
    is_within = over <= SYNC_TARGET_US
    spread = abs(halves[0] - halves[1])
    _print(name, times, f"{over:>8.1f}{spread:>8.1f}{SYNC_TARGET_US:>8.1f}", VERDICTS[is_within])
    return is_within


def _async_line(name: str, times: Mapping[str, list[float]]) -> bool:
    ratio, *halves = [least[name] / least[BARE] for least in _least(times)]
    is_within = ratio <= ASYNC_TARGET
    spread = abs(halves[0] - halves[1])
    _print(name, times, f"{ratio:>8.2f}{spread:>8.2f}{ASYNC_TARGET:>8.1f}", VERDICTS[is_within])
    return is_within


def _least(times: Mapping[str, list[float]]) -> list[dict[str, float]]:
    """Return the least time of each by name: over all rounds, and over each half of them."""
    parts = (slice(None), slice(0, None, 2), slice(1, None, 2))
    return [{name: min(found[part]) for name, found in times.items()} for part in parts]


def _print(name: str, times: Mapping[str, list[float]], shown: str, verdict: str) -> None:
    print(f"{name:<32}{min(times[name]):>9.1f}" + ("" if name == BARE else f"{shown}  {verdict}"))


if __name__ == "__main__":
    sys.exit(main())
