"""
Put the help desk under load, with the middleware and without it.

Usage: ``python -m benchmarks.production [--rounds N] [--seconds S] [--server wsgi asgi]``. Each server runs without
quell twice, with 1 % and with 100 % of the requests watched and folded into Redis. All of them run at once, and ``wrk``
asks one after the other, in another order each round. Each round has new processes: two processes of one program differ
by several percent for as long as they live.

A ratio is the median over the rounds of what a server did over what the first one without quell did in the same round;
``noise`` is half of how far the ratios of the second one without quell lie apart. CPU time is that of all processes of
a server, which other work on the machine changes less than throughput.
"""

import argparse
import platform
import shutil
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version

from benchmarks.peer_report import aligned
from benchmarks.production_servers import CONNECTIONS, WORKERS, Run, Server, folding, prepared

# How many requests are watched, and the throughput that is wanted then.
MODES = {"bare": "", "bare again": "", "1 % watched": "0.01", "100 % watched": "1"}
TARGETS = {"1 % watched": 0.97, "100 % watched": 0.90}
_WARM_UP_SECONDS = 4


def measure(kind: str, rounds: int, seconds: float) -> dict[str, list[Run]]:
    """Return the runs of each mode on one kind of server."""
    with prepared() as (variables, script), folding() as store:
        runs: dict[str, list[Run]] = {mode: [] for mode in MODES}
        names = list(MODES)
        for number in range(rounds):
            turn = number % len(names)
            with _started(kind, variables | store, names[turn:] + names[:turn]) as servers:
                for server in servers.values():
                    server.wait()
                    server.load(_WARM_UP_SECONDS, script)
                for mode, server in servers.items():
                    runs[mode].append(server.load(seconds, script))
    return runs


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
    bare = runs["bare"]
    speeds = {mode: _ratios(found, bare, cpu=False) for mode, found in runs.items()}
    costs = {mode: _ratios(found, bare, cpu=True) for mode, found in runs.items()}
    noise = _half_range(speeds["bare again"])
    rows: list[tuple[str, ...]] = []
    for mode, found in runs.items():
        target = TARGETS.get(mode)
        ratio = statistics.median(speeds[mode])
        rows.append(
            (
                kind,
                mode,
                f"{target:.2f}" if target else "",
                f"{ratio:.3f}",
                f"{noise:.3f}" if mode == "bare again" else "",
                f"{statistics.median(costs[mode]):.3f}",
                f"{_half_range(costs[mode]):.3f}" if mode == "bare again" else "",
                f"{statistics.median(run.per_second for run in found):.1f}",
                f"{statistics.median(run.cpu_ms for run in found):.1f}",
                f"{statistics.median(run.median_ms for run in found):.0f}",
                f"{statistics.median(run.p99_ms for run in found):.0f}",
                str(sum(run.errors for run in found)),
                _verdict(ratio, target, noise),
            )
        )
    return rows


def _ratios(runs: Sequence[Run], bare: Sequence[Run], *, cpu: bool) -> list[float]:
    if cpu:
        return [one.cpu_ms / other.cpu_ms for one, other in zip(runs, bare, strict=True)]
    return [one.per_second / other.per_second for one, other in zip(runs, bare, strict=True)]


def _half_range(ratios: Sequence[float]) -> float:
    return (max(ratios) - min(ratios)) / 2


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
    parser.add_argument("--seconds", type=float, default=5)
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
        rows += rows_of(kind, measure(kind, options.rounds, options.seconds))
    python, dj = platform.python_version(), version("Django")
    servers = f"gunicorn {version('gunicorn')}, uvicorn {version('uvicorn')}, {WORKERS} workers each"
    print(
        f"Python {python}, Django {dj}, {servers}, SQLite; wrk with {CONNECTIONS} connections, "
        f"{options.rounds} rounds of {options.seconds:.0f} s"
    )
    print(aligned(rows))
    return int(any(row[-1] == "UNDER" for row in rows))


if __name__ == "__main__":
    sys.exit(main())
