"""
Transfers between a few rows by many at once, on PostgreSQL: ``python -m benchmarks.service_concurrency``.

Three ways to run a transaction again: a loop by hand, django-pgtransaction, and ``@service(retry=...)``; by threads and
by asyncio tasks. Each way has its turn for a third of the time, three times. Afterwards each balance has to be what
the transfers that succeeded say, so that neither a sum nor an update is lost.
"""

import argparse
import asyncio
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from tests.database_settings import databases
from tools.databases import SERVERS

if TYPE_CHECKING:
    from benchmarks.service_transfers import AsyncTransfer, Transfer
    from tests.serviceapp.models import Account

ISOLATIONS = ("serializable", "repeatable read")
ROUNDS = 3
START = 1_000_000


@dataclass(slots=True)
class Tally:
    """What the calls of one way came to; each worker has one of its own until they are added up."""

    moved: Counter[int] = field(default_factory=Counter)
    calls: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    delays_ms: list[float] = field(default_factory=list)

    def succeeded(self, source: int, target: int, amount: int, seconds: float) -> None:
        """Note a transfer that returned."""
        self.calls += 1
        self.moved[source] -= amount
        self.moved[target] += amount
        self.delays_ms.append(seconds * 1e3)

    def add(self, other: "Tally") -> None:
        """Take over what another one counted."""
        self.calls += other.calls
        self.moved.update(other.moved)
        self.errors.update(other.errors)
        self.delays_ms += other.delays_ms


def main() -> int:
    """Measure, print the table, and return 1 if money was lost or an error has no name."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service_concurrency", description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0, help="for each way (default: 30)")
    parser.add_argument("--threads", type=int, default=50, help="(default: 50)")
    parser.add_argument("--tasks", type=int, default=200, help="(default: 200)")
    parser.add_argument("--connections", type=int, default=20, help="that the tasks share (default: 20)")
    parser.add_argument("--rows", type=int, default=20, help="between which is transferred (default: 20)")
    options = parser.parse_args()
    complaint = SERVERS["postgres"].complaint()
    if complaint is not None:
        print(complaint)
        return 1
    _prepare(options.connections)
    from django.db import connection
    from django.test.utils import setup_databases, teardown_databases

    created = setup_databases(verbosity=0, interactive=False)
    try:
        version = ".".join(map(str, connection.get_database_version()))
        print(f"PostgreSQL {version}, {options.rows} rows, {options.seconds:g} s each, in {ROUNDS} turns")
        print(f"{'by':<11}{'isolation':<17}{'way':<15}{'transfers/s':>12}{'runs each':>11}", end="")
        print(f"{'p95 ms':>9}{'gave up':>9}  balances")
        found = [_compare(options, isolation) for isolation in ISOLATIONS]
    finally:
        teardown_databases(created, verbosity=0)
    return int(not all(found))


def _prepare(connections: int) -> None:
    from django.conf import settings

    settings.configure(
        DATABASES={"default": databases("postgres")["default"]},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=["tests.serviceapp"],
        SECRET_KEY=f"only here {os.getpid()}",
        QUELL_SERVICE_CONNECTIONS=connections,
        USE_TZ=True,
    )
    import django

    django.setup()


def _compare(options: argparse.Namespace, isolation: str) -> bool:
    from benchmarks import service_transfers as transfers

    found = _take_turns(f"{options.threads} threads", isolation, transfers.ways(isolation), options)
    # As many threads as the services have connections.
    with ThreadPoolExecutor(options.connections) as executor:
        ways = transfers.async_ways(isolation, executor)
        found = _take_turns(f"{options.tasks} tasks", isolation, ways, options) and found
        _close_all(executor, options.connections)
    return found


def _close_all(executor: ThreadPoolExecutor, count: int) -> None:
    """Close the connections of each thread: all of them have to be there at once."""
    from django.db import connections

    gate = threading.Barrier(count)

    def close() -> None:
        gate.wait()
        connections.close_all()

    for closing in [executor.submit(close) for _ in range(count)]:
        closing.result()


def _take_turns(
    who: str, isolation: str, ways: "Mapping[str, Transfer | AsyncTransfer]", options: argparse.Namespace
) -> bool:
    turns = {name: _Turns(name) for name in ways}
    for number in range(ROUNDS):
        names = list(ways)
        for name in names[number:] + names[:number]:
            turns[name].take(ways[name], options)
    for turn in turns.values():
        print(f"{who:<11}{isolation:<17}{turn.line()}", flush=True)
    return all(turn.is_right for turn in turns.values())


class _Turns:
    """All turns of one way."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.total = Tally()
        self.runs = 0
        self.seconds = 0.0
        self.wrong_balances = 0

    @property
    def is_right(self) -> bool:
        from benchmarks.service_transfers import NAMED

        return not self.wrong_balances and self.total.errors.keys() <= NAMED[self.name]

    def take(self, way: "Transfer | AsyncTransfer", options: argparse.Namespace) -> None:
        """Transfer for one turn, and look at the balances."""
        from django.db import connections

        from benchmarks.service_transfers import runs
        from tests.serviceapp.models import Account

        Account.objects.all().delete()
        keys = [row.pk for row in Account.objects.bulk_create(_accounts(options.rows))]
        connections.close_all()
        runs_before, began = len(runs), time.perf_counter()
        until = began + options.seconds / ROUNDS
        if asyncio.iscoroutinefunction(way):
            tally = asyncio.run(_by_tasks(way, keys, until, options.tasks))
        else:
            tally = _by_threads(cast("Transfer", way), keys, until, options.threads)
        self.seconds += time.perf_counter() - began
        self.runs += len(runs) - runs_before
        self.total.add(tally)
        balances = dict(Account.objects.values_list("pk", "balance"))
        self.wrong_balances += sum(balances[key] != START + tally.moved[key] for key in keys)
        connections.close_all()

    def line(self) -> str:
        """Return the numbers as a line of the table."""
        total = self.total
        calls = total.calls + total.errors.total()
        p95_ms = sorted(total.delays_ms)[int(len(total.delays_ms) * 0.95)] if total.delays_ms else 0.0
        balances = f"{self.wrong_balances} WRONG" if self.wrong_balances else "right"
        named = "" if not total.errors else f"  {dict(total.errors)}"
        return (
            f"{self.name:<15}{total.calls / self.seconds:>12.0f}{self.runs / max(calls, 1):>11.2f}"
            f"{p95_ms:>9.0f}{total.errors.total():>9}  {balances}{named}"
        )


def _accounts(count: int) -> list["Account"]:
    from tests.serviceapp.models import Account

    return [Account(name=f"account {number}", balance=START) for number in range(count)]


def _pick(keys: list[int]) -> tuple[int, int, int]:
    source, target = random.sample(keys, 2)
    return source, target, random.randint(1, 100)


def _by_threads(way: Callable[[int, int, int], None], keys: list[int], until: float, count: int) -> Tally:
    from django.db import connections

    gate = threading.Barrier(count)

    def work() -> Tally:
        tally = Tally()
        gate.wait()
        while (now := time.perf_counter()) < until:
            move = _pick(keys)
            try:
                way(*move)
            except Exception as error:  # noqa: BLE001 -- whatever comes out is counted by its name
                tally.errors[type(error).__name__] += 1
            else:
                tally.succeeded(*move, time.perf_counter() - now)
        connections.close_all()
        return tally

    total = Tally()
    with ThreadPoolExecutor(count) as executor:
        for future in [executor.submit(work) for _ in range(count)]:
            total.add(future.result())
    return total


async def _by_tasks(way: "AsyncTransfer", keys: list[int], until: float, count: int) -> Tally:
    total = Tally()

    async def work() -> None:
        while (now := time.perf_counter()) < until:
            move = _pick(keys)
            try:
                await way(*move)
            except Exception as error:  # noqa: BLE001 -- as above
                total.errors[type(error).__name__] += 1
            else:
                total.succeeded(*move, time.perf_counter() - now)

    await asyncio.gather(*[work() for _ in range(count)])
    return total


if __name__ == "__main__":
    sys.exit(main())
