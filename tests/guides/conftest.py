"""A project to do in what the pages show."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.guides.desk import Desk
from tools.webdriver import free_port


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The project that each test has a copy of."""
    made = Desk(tmp_path_factory.mktemp("desk") / "project")
    made.fill()
    for name in ("old.json", "new.json"):
        made.run("python", "manage.py", "quell", "profile", "--report", name, "/tickets/customers/")
    return made


@pytest.fixture
def desk(filled: Desk, tmp_path: Path) -> Desk:
    """A project with tickets, orders and two reports."""
    return filled.copy_to(tmp_path / "project")


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """The URL of a Redis of its own."""
    from redis import Redis
    from redis.exceptions import ConnectionError as NotThere

    server = shutil.which("redis-server")
    if server is None:
        pytest.skip("redis-server was not found")
    port = free_port()
    command = [server, "--port", str(port), "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process, Redis(port=port) as client:
        try:
            for _ in range(100):
                try:
                    client.ping()
                except NotThere:
                    time.sleep(0.1)
                else:
                    break
            yield f"redis://localhost:{port}/0"
        finally:
            process.terminate()
