"""
Put the help desk under load, with the middleware and without it.

Usage: ``python -m benchmarks.production [--rounds N] [--server wsgi asgi]``. Each server runs without quell twice, with
1 % and with 100 % of the requests watched and folded into Redis. In a round all of them run, each with one worker on a
core of its own, beside ``wrk`` on another; it asks one after the other for the same number of pages, four times over,
each time in another order. Each round has new processes: two processes of one program differ by several percent for as
long as they live.

A ratio is the mean over the rounds of what a server did over what the two without quell did in the same round.
``noise`` is how well such a mean is known, by those two: twice the standard error of the mean of their ratios.
"""

import argparse
import math
import platform
import shutil
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version

from benchmarks.peer_report import aligned
from benchmarks.production_servers import CONNECTIONS, WORKERS, Run, Server, added, folding, prepared

# How many requests are watched, and the throughput that is wanted then.
MODES = {"bare": "", "bare again": "", "1 % watched": "0.01", "100 % watched": "1"}
TARGETS = {"1 % watched": 0.97, "100 % watched": 0.90}
_WARM_UP = 400
# Whole waves of requests: see ``Server.load()``.
_SLICE, _SLICES = 2 * CONNECTIONS, 4


def measure(kind: str, rounds: int) -> dict[str, list[Run]]:
    """Return what each mode did in each round on one kind of server."""
    with prepared() as (variables, script), folding() as store:
        runs: dict[str, list[Run]] = {mode: [] for mode in MODES}
        for number in range(rounds):
            with _started(kind, variables | store, _turned(number)) as servers:
                for server in servers.values():
                    server.wait()
                    server.load(_WARM_UP, script)
                slices: dict[str, list[Run]] = {mode: [] for mode in MODES}
                for turn in range(_SLICES):
                    for mode in _turned(number + turn):
                        slices[mode].append(servers[mode].load(_SLICE, script))
            for mode, found in slices.items():
                runs[mode].append(added(found))
    return runs


def _turned(number: int) -> list[str]:
    names = list(MODES)
    number %= len(names)
    return names[number:] + names[:number]


@contextmanager
def _started(kind: str, variables: Mapping[str, str], modes: Sequence[str]) -> Iterator[dict[str, Server]]:
    servers: dict[str, Server] = {}
    try:
        for mode in modes:
            servers[mode] = Server(kind, {**variables, "QUELL_BENCHMARK_RATE": MODES[mode]})
        yield servers
    finally:
        for server in servers.values():
            server.stop()


def rows_of(kind: str, runs: dict[str, list[Run]]) -> list[tuple[str, ...]]:
    """Return the rows of a table."""
    speeds = _ratios({mode: [run.per_second for run in found] for mode, found in runs.items()})
    costs = _ratios({mode: [run.cpu_ms for run in found] for mode, found in runs.items()})
    noise = _noise(speeds)
    rows: list[tuple[str, ...]] = []
    for mode, found in runs.items():
        target = TARGETS.get(mode)
        ratio = statistics.mean(speeds[mode])
        rows.append(
            (
                kind,
                mode,
                f"{target:.2f}" if target else "",
                f"{ratio:.3f}",
                f"{noise:.3f}" if mode == "bare again" else "",
                f"{statistics.mean(costs[mode]):.3f}",
                f"{_noise(costs):.3f}" if mode == "bare again" else "",
                f"{statistics.median(run.per_second for run in found):.1f}",
                f"{statistics.median(run.cpu_ms for run in found):.1f}",
                f"{statistics.median(run.median_ms for run in found):.0f}",
                f"{statistics.median(run.p99_ms for run in found):.0f}",
                str(sum(run.errors for run in found)),
                _verdict(ratio, target, noise),
            )
        )
    return rows


def _ratios(numbers: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    """Return each number over the mean of the two servers without quell in the same round."""
    bare = [(one + other) / 2 for one, other in zip(numbers["bare"], numbers["bare again"], strict=True)]
    return {
        mode: [number / base for number, base in zip(found, bare, strict=True)]
        for mode, found in numbers.items()
    }


def _noise(ratios: Mapping[str, Sequence[float]]) -> float:
    found = [other / one for one, other in zip(ratios["bare"], ratios["bare again"], strict=True)]
    return 2 * statistics.stdev(found) / math.sqrt(len(found)) if len(found) > 1 else math.inf


def _verdict(ratio: float, target: float | None, noise: float) -> str:
    if target is None:
        return ""
    if ratio >= target:
        return "ok"
    return "noise" if ratio + noise >= target else "UNDER"


def main() -> int:
    """Measure, print a table, and return 1 where a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.production", description=__doc__)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--server", nargs="*", default=["wsgi", "asgi"], choices=["wsgi", "asgi"])
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        print("skipped: wrk was not found; on Debian it is the package wrk")
        return 0
    head = (
        "server", "", "target", "ratio", "noise", "CPU ratio", "noise", "requests/s", "CPU ms", "median ms",
        "p99 ms", "errors", "verdict",
    )  # fmt: skip
    rows: list[tuple[str, ...]] = [head]
    for kind in options.server:
        rows += rows_of(kind, measure(kind, options.rounds))
    python, dj = platform.python_version(), version("Django")
    servers = f"gunicorn {version('gunicorn')}, uvicorn {version('uvicorn')}, {WORKERS} worker each"
    print(
        f"Python {python}, Django {dj}, {servers}, SQLite; wrk with {CONNECTIONS} connections, "
        f"{options.rounds} rounds of {_SLICES} x {_SLICE} requests"
    )
    print(aligned(rows))
    return int(any(row[-1] == "UNDER" for row in rows))


if __name__ == "__main__":
    sys.exit(main())
