"""
Processes that run one scenario at a time and say how long it took.

# Note [Siblings]
Bare Django has to run without quell ever imported, or what idle quell costs could not be seen. Two processes
that are started apart differ by some percent all by themselves: addresses and hash seeds. So one process
warms up without quell and forks; its children share every address, and the parent lets one of them run at a
time. What a child imports is frozen, as by a server that forks its workers: the objects of any library of that size
add as much to a full garbage collection.
"""

import gc
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Literal

Kind = Literal["bare", "again", "quell", "idle"]
KINDS: tuple[Kind, ...] = ("bare", "again", "quell", "idle")


@dataclass(frozen=True, slots=True)
class Sample:
    """
    The CPU time of one run.

    Attributes:
        seconds: Opening the watch, running the scenario, closing the watch.
        analysis_seconds: Asking that watch for its findings; zero without one.
        query_count: Statements that the watch saw.
    """

    seconds: float
    analysis_seconds: float = 0.0
    query_count: int = 0


class Siblings:
    """The children of one fork, one of each kind."""

    def __init__(self) -> None:
        from django.db import connections

        # A file that two processes hold through one inherited connection would be corrupted.
        connections.close_all()
        gc.collect()
        gc.freeze()
        context = get_context("fork")
        self._pipes: dict[Kind, Connection] = {}
        self._processes = []
        for kind in KINDS:
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(kind, theirs), daemon=True)
            process.start()
            theirs.close()
            self._pipes[kind] = ours
            self._processes.append(process)

    def run(self, kind: Kind, scenario: int) -> Sample:
        """Let one child run one scenario, while the others wait."""
        self._pipes[kind].send(scenario)
        answer = self._pipes[kind].recv()
        if not isinstance(answer, Sample):
            raise RuntimeError(answer)
        return answer

    def close(self) -> None:
        """End the children."""
        for pipe in self._pipes.values():
            pipe.send(None)
        for process in self._processes:
            process.join()


@contextmanager
def siblings() -> Iterator[Siblings]:
    """Fork children for the time of a block."""
    family = Siblings()
    try:
        yield family
    finally:
        family.close()


def _serve(kind: Kind, pipe: Connection) -> None:
    import traceback

    from benchmarks.scenarios import SCENARIOS

    try:
        _prepare(kind, len(SCENARIOS))
        while (number := pipe.recv()) is not None:
            pipe.send(measure(kind, number))
        _check(kind)
    except Exception:  # noqa: BLE001 -- the parent reports it
        pipe.send(traceback.format_exc())
    # Nothing that the parent registered may run at exit here.
    sys.stdout.flush()
    os._exit(0)


def _prepare(kind: Kind, scenario_count: int) -> None:
    """Warm up in the state that is measured."""
    if kind == "idle":
        import quell

        with quell.watch():
            pass
    for number in range(scenario_count):
        measure(kind, number)
    gc.collect()
    gc.freeze()


def _check(kind: Kind) -> None:
    is_bare = kind in {"bare", "again"}
    if is_bare and "quell" in sys.modules:
        msg = "quell was imported where bare Django was measured"
        raise RuntimeError(msg)


def measure(kind: Kind, number: int) -> Sample:
    """Run a scenario once; what it made is collected before the next one."""
    from benchmarks.scenarios import SCENARIOS

    run = SCENARIOS[number].run
    gc.collect()
    if kind != "quell":
        start = time.process_time()
        run()
        return Sample(time.process_time() - start)
    import quell

    start = time.process_time()
    with quell.watch() as watch:
        run()
    seconds = time.process_time() - start
    query_count = len(watch.queries)
    start = time.process_time()
    _ = watch.findings
    return Sample(seconds, time.process_time() - start, query_count)
