"""A Redis that is there and is no help: it is silent, read-only, full, strange to us, or has forgotten everything."""

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from time import monotonic

import pytest
import redis
from django.test import Client, override_settings

from quell.production import storing
from quell.store import redis as store_module
from quell.store.folding import Folder
from quell.store.redis import RedisStore
from tests.library.models import Author, Country
from tests.production.conftest import installed
from tests.store.conftest import Server, facts
from tools.webdriver import free_port

__all__ = ["installed"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("authors", "installed")]


@pytest.fixture
def authors() -> None:
    """Rows whose countries load one by one."""
    for number in range(3):
        country = Country.objects.create(name=f"Country {number}")
        Author.objects.create(name=f"Author {number}", country=country)


@dataclass
class Trouble:
    """What a Redis has, and the URL of quell, until somebody mends it."""

    url: str
    mend: Callable[[], None]
    reason: str


@contextmanager
def _silent(server: Server) -> Iterator[Trouble]:
    server.kill()
    with socket.socket() as listener:
        # It accepts in its queue, and never answers.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", server.port))
        listener.listen(64)

        def mend() -> None:
            listener.close()
            server.start()

        yield Trouble(server.url, mend, "TimeoutError")


@contextmanager
def _replica(server: Server) -> Iterator[Trouble]:
    with redis.Redis.from_url(server.url) as client:
        client.execute_command("REPLICAOF", "127.0.0.1", str(free_port()))

        def mend() -> None:
            client.execute_command("REPLICAOF", "NO", "ONE")

        yield Trouble(server.url, mend, "ReadOnlyError")


@contextmanager
def _full(server: Server) -> Iterator[Trouble]:
    with redis.Redis.from_url(server.url) as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "1kb")

        def mend() -> None:
            client.config_set("maxmemory", "0")

        yield Trouble(server.url, mend, "OutOfMemoryError")


@contextmanager
def _locked(server: Server) -> Iterator[Trouble]:
    with redis.Redis.from_url(server.url) as client:
        client.config_set("requirepass", "right")
        client.execute_command("AUTH", "right")

        def mend() -> None:
            client.config_set("requirepass", "wrong")

        yield Trouble(server.url.replace("redis://", "redis://:wrong@"), mend, "AuthenticationError")


@pytest.mark.parametrize("trouble", [_silent, _replica, _full, _locked])
def test_requests_go_on_and_nothing_is_lost(
    server: Server,
    trouble: Callable[[Server], AbstractContextManager[Trouble]],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Requests answer, the log has one line without a password, and each request is counted once when it is mended."""
    monkeypatch.setattr(store_module, "_TIMEOUT_SECONDS", 0.3)
    with (
        trouble(server) as given,
        override_settings(QUELL_STORE=given.url, QUELL_STORE_SECONDS=0.05, QUELL_LOG_SECONDS=3600),
    ):
        begun = monotonic()
        statuses = {Client().get("/countries/").status_code for _ in range(20)}
        spent = monotonic() - begun
        while not (lines := [text for text in caplog.messages if "does not answer" in text]):
            assert not storing.flush(1)
        assert not storing.flush(2)
        given.mend()
        assert storing.flush(30)
        lines = [text for text in caplog.messages if "does not answer" in text]
        (found,) = RedisStore(given.url).findings()

    assert statuses == {200}
    assert spent < 5
    assert found.total.requests == 20
    assert len(lines) == 1
    assert given.reason in lines[0]
    assert "wrong" not in caplog.text


def test_redis_that_forgets_everything_is_folded_into_again(server: Server) -> None:
    """What came before is gone with it; what comes after is whole."""
    folder = Folder(RedisStore(server.url), seconds=3600)
    for turn in range(3):
        folder.add(facts(), count=3, saved=2, release="")
        assert folder.flush()
        with redis.Redis.from_url(server.url) as client:
            if turn == 0:
                client.flushall()
            elif turn == 1:
                client.script_flush()

    assert folder.stop()
    (found,) = RedisStore(server.url).findings()
    assert (found.total.requests, sum(number for number, _ in found.total.hours.values())) == (2, 2)


def test_replica_can_be_read(server: Server) -> None:
    """What it lists and has forgotten is left out, though a replica lets nobody tidy up."""
    store = RedisStore(server.url)
    folder = Folder(store, seconds=3600)
    for number in (1, 2):
        folder.add(facts(number), count=3, saved=2, release="")
    assert folder.stop()
    with redis.Redis.from_url(server.url) as client:
        client.delete(f"{{quell}}:finding:{facts(1).key}")
        client.execute_command("REPLICAOF", "127.0.0.1", str(free_port()))

    assert [found.total.facts for found in store.findings()] == [facts(2)]
