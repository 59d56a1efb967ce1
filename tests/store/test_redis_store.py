"""The numbers of many processes in one Redis."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import redis

from quell.store.folding import Batch, Folder, StoreUnavailableError
from quell.store.redis import RedisStore
from quell.store.totals import DAY_SECONDS, HOUR_SECONDS, Total
from tests.store.conftest import Server, facts

ROOT = Path(__file__).resolve().parent.parent.parent
_NOW = 1_800_000_000 - 1_800_000_000 % DAY_SECONDS


def _total(number: int = 1, *, seen_at: int = _NOW, release: str = "1", count: int = 3) -> Total:
    total = Total(facts=facts(number), release=release)
    total.add(count=count, saved=count - 1, seen_at=seen_at)
    return total


def test_batches_add_up(server: Server) -> None:
    """Numbers of two batches are added, the worst and the times compared, the releases kept."""
    store = RedisStore(server.url)
    store.fold(Batch("a", [_total(seen_at=_NOW + 100, release="2", count=3)]))
    store.fold(Batch("b", [_total(seen_at=_NOW, release="1", count=9)]))
    store.fold(Batch("c", [_total(seen_at=_NOW + HOUR_SECONDS, release="3", count=4)]))

    (found,) = store.findings()
    total = found.total
    assert total.facts == facts()
    assert (total.requests, total.queries, total.saved, total.worst) == (3, 16, 13, 9)
    assert (total.first_seen, total.last_seen) == (_NOW, _NOW + HOUR_SECONDS)
    assert (found.first_release, total.release) == ("1", "3")
    assert total.hours == {_NOW: (2, 10), _NOW + HOUR_SECONDS: (1, 3)}
    assert found.days == {_NOW: (3, 13)}


def test_batch_is_folded_once(server: Server) -> None:
    """A batch that is handed over again, as its process did not hear of it, changes nothing."""
    store = RedisStore(server.url)
    batch = Batch("a", [_total()])
    store.fold(batch)
    store.fold(batch)

    assert [found.total.requests for found in store.findings()] == [1]


def test_old_hours_are_dropped(server: Server) -> None:
    """A hash of hours does not grow for ever, nor does one of days."""
    store = RedisStore(server.url)
    store.fold(Batch("a", [_total(seen_at=_NOW)]))
    store.fold(Batch("b", [_total(seen_at=_NOW + 500 * DAY_SECONDS)]))

    (found,) = store.findings()
    assert list(found.total.hours) == list(found.days) == [_NOW + 500 * DAY_SECONDS]
    assert found.total.requests == 2


def test_everything_expires(server: Server) -> None:
    """Each key has an end, but the index, which forgets what has ended."""
    store = RedisStore(server.url)
    store.fold(Batch("a", [_total(1), _total(2)]))
    client = redis.Redis.from_url(server.url, decode_responses=True)
    lasting = [key for key in client.scan_iter() if client.ttl(key) < 0]
    client.delete(f"{{quell}}:finding:{facts(1).key}")

    assert lasting == ["{quell}:findings"]
    assert [found.total.facts for found in store.findings()] == [facts(2)]
    assert client.zcard("{quell}:findings") == 1
    client.close()


def test_texts_of_any_kind_survive(server: Server) -> None:
    """Quotes, line breaks and other alphabets come back as they were."""
    store = RedisStore(server.url)
    odd = Total(facts=facts(endpoint="GET /\"ü\\n\n'<b>☂/"), release="Ω")
    odd.add(count=1, saved=1, seen_at=_NOW)
    store.fold(Batch("a", [odd]))

    (found,) = store.findings()
    assert (found.total.facts, found.first_release) == (odd.facts, "Ω")


def test_redis_that_is_gone_is_no_bug(server: Server) -> None:
    """The error is one that is tried again, and tells no address."""
    store = RedisStore(server.url)
    server.kill()

    with pytest.raises(StoreUnavailableError, match=r"^ConnectionError$"):
        store.fold(Batch("a", [_total()]))
    with pytest.raises(StoreUnavailableError):
        list(store.findings())


def test_redis_that_was_killed_is_folded_into_again(server: Server) -> None:
    """What was gathered meanwhile arrives, and each request is counted once."""
    folder = Folder(RedisStore(server.url), seconds=3600)
    folder.add(facts(), count=3, saved=2, release="")
    assert folder.flush()
    server.kill()
    for _ in range(5):
        folder.add(facts(), count=3, saved=2, release="")
    is_away = folder.flush(3)
    folder.add(facts(), count=3, saved=2, release="")
    server.start()

    assert not is_away
    assert folder.stop(20)
    (found,) = RedisStore(server.url).findings()
    assert (found.total.requests, found.total.queries, found.total.saved) == (7, 21, 14)


@pytest.mark.parametrize(
    ("kind", "broken"),
    [
        ("findings", ["SET", "{}", "1"]),
        ("finding", ["SET", "{}", "1"]),
        ("finding", ["HSET", "{}", "saved", "many"]),
        ("hours", ["SET", "{}", "1"]),
        ("days", ["HSET", "{}", f"{_NOW}:saved", "1.5"]),
    ],
)
def test_batch_arrives_whole_once_a_broken_key_is_gone(server: Server, kind: str, broken: list[str]) -> None:
    """A batch that meets a key of somebody else's writes nothing, names it, and loses nothing."""
    store = RedisStore(server.url)
    client = redis.Redis.from_url(server.url, decode_responses=True)
    key = f"{{quell}}:{kind}" if kind == "findings" else f"{{quell}}:{kind}:{facts(2).key}"
    command = [word.replace("{}", key) if word == "{}" else word for word in broken]
    # redis-py has no types for it.
    client.execute_command(*command)  # type: ignore[no-untyped-call]
    batch = Batch("a", [_total(1), _total(2), _total(3)])
    for _ in range(2):
        with pytest.raises(StoreUnavailableError, match=f"{kind}.*delete it"):
            store.fold(batch)

    assert client.keys() == [key]
    client.delete(key)
    store.fold(batch)
    store.fold(batch)
    assert [found.total.requests for found in store.findings()] == [1, 1, 1]
    client.close()


def test_field_of_somebody_else_stops_no_folding(server: Server) -> None:
    """A trend with a field that is no time is folded into."""
    store = RedisStore(server.url)
    store.fold(Batch("a", [_total()]))
    with redis.Redis.from_url(server.url) as client:
        client.hset(f"{{quell}}:hours:{facts().key}", "note", "x")
    store.fold(Batch("b", [_total(seen_at=_NOW + HOUR_SECONDS)]))

    assert list(store.findings()) == []


@pytest.mark.parametrize(
    "broken",
    [
        ["HDEL", "finding", "facts"],
        ["HSET", "finding", "facts", "no JSON"],
        ["HSET", "finding", "facts", "[]"],
        ["HSET", "finding", "facts", "{}"],
        ["HSET", "finding", "requests", "many"],
        ["HSET", "finding", "release", b"\xff"],
        ["HSET", "hours", "note", "x"],
        ["SET", "finding", "x"],
        ["SET", "days", "x"],
    ],
)
def test_broken_finding_is_left_out_and_logged(
    server: Server, broken: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """All others are read; the log names the key."""
    store = RedisStore(server.url)
    store.fold(Batch("a", [_total(1), _total(2, seen_at=_NOW + 1), _total(3, seen_at=_NOW + 2)]))
    command, kind, *rest = broken
    with redis.Redis.from_url(server.url) as client:
        client.execute_command(command, f"{{quell}}:{kind}:{facts(2).key}", *rest)

    assert [found.total.facts for found in store.findings()] == [facts(3), facts(1)]
    (record,) = caplog.records
    assert f"{{quell}}:finding:{facts(2).key}" in record.getMessage()


_WORKERS = """
import os, sys
import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["quell"], QUELL_STORE=sys.argv[1], QUELL_STORE_SECONDS=0.02, QUELL_RELEASE="1",
    DATABASES={},
)
django.setup()
from quell.findings import Finding
from quell.telling import Report, tell

def report(number, label):
    finding = Finding(
        kind="n_plus_one", code="Q101", model="library.Author", path=f"path{number}", count=3, saved_queries=2
    )
    return Report(findings=(finding,), label=label, query_count=4)

# What the parent has gathered, and its thread, stay with the parent.
tell(report(0, "GET /parent/"))
children = []
for worker in range(4):
    child = os.fork()
    if not child:
        for turn in range(1000):
            tell(report(turn % 7, "GET /shared/"))
            tell(report(turn % 7, f"GET /own/{worker}/"))
        sys.exit(0)
    children.append(child)
assert all(os.waitpid(child, 0)[1] == 0 for child in children)
"""


def test_four_forked_processes_lose_and_mix_nothing(server: Server, tmp_path: Path) -> None:
    """Each request of each process is counted once, under its own endpoint, whatever the parent had gathered."""
    script = tmp_path / "workers.py"
    script.write_text(textwrap.dedent(_WORKERS))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}

    subprocess.run([sys.executable, str(script), server.url], check=True, env=environment, timeout=60)

    requests: dict[str, int] = {}
    queries = saved = 0
    for found in RedisStore(server.url).findings():
        endpoint = found.total.facts.endpoint
        requests[endpoint] = requests.get(endpoint, 0) + found.total.requests
        queries += found.total.queries
        saved += found.total.saved
    own = {f"GET /own/{worker}/": 1_000 for worker in range(4)}
    assert requests == {"GET /shared/": 4_000, "GET /parent/": 1, **own}
    assert (queries, saved) == (3 * 8_001, 2 * 8_001)
