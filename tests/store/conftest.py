"""A Redis of the tests' own, that can be stopped and started again."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis

from quell.store.totals import Facts
from tools.webdriver import free_port


@dataclass
class Server:
    """A Redis on a port of its own; what it has acknowledged survives its end."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = field(default=None)

    @property
    def url(self) -> str:
        """What ``QUELL_STORE`` takes."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        command += ["--appendonly", "yes", "--dir", str(self.folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        client = redis.Redis(port=self.port)
        for _ in range(200):
            try:
                client.ping()
            except redis.ConnectionError:
                time.sleep(0.02)
            else:
                break
        else:
            pytest.fail("redis-server does not answer")
        client.close()

    def kill(self) -> None:
        """End it without a chance to say goodbye."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """Run a Redis that keeps what it has in a folder."""
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    found = Server(folder, free_port())
    try:
        found.start()
        yield found
    finally:
        found.kill()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A Redis that runs."""
    with running(tmp_path) as found:
        yield found


def facts(number: int = 1, endpoint: str = "GET /tickets/") -> Facts:
    """Return a finding on an endpoint."""
    return Facts(
        fingerprint=f"{number:016x}",
        endpoint=endpoint,
        code="Q101",
        kind="n_plus_one",
        level="problem",
        model="library.Author",
        path="country",
        origin=f"library/views.py:{number}",
        function="authors",
        anchor="Author.objects.all()",
        suggestion='.select_related("country")',
    )
