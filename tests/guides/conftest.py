"""A project to do in what the pages show."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.guides.desk import Desk
from tests.store.conftest import running


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
    with running(tmp_path) as server:
        yield server.url
