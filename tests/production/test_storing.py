"""From requests to the store that ``QUELL_STORE`` names."""

import logging
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from django.core.checks import run_checks
from django.db import connections
from django.test import Client, override_settings

from quell.exceptions import UsageError
from quell.paths import project_path
from quell.production import storing
from quell.store.findings import StoredFinding
from quell.store.folding import Batch
from quell.store.redis import RedisStore
from quell.telling import has_sinks
from tests.store.conftest import Server, server

__all__ = ["server"]

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("authors", "installed")]


class OwnStore:
    """A backend of a project."""

    batches: list[Batch] = []  # noqa: RUF012 -- one for all

    def fold(self, batch: Batch) -> None:
        """Keep a batch."""
        self.batches.append(batch)


@pytest.fixture
def own_batches() -> Iterator[list[Batch]]:
    """What arrived at the backend of the project."""
    OwnStore.batches.clear()
    path = f"{__name__}.OwnStore"
    with override_settings(QUELL_STORE=path, QUELL_STORE_SECONDS=3600, BASE_DIR=ROOT, QUELL_RELEASE="7"):
        yield OwnStore.batches


def test_requests_are_folded(own_batches: list[Batch]) -> None:
    """What requests found arrives, by endpoint, with the release."""
    for url in ("/countries/", "/countries/", "/first/2/", "/same/"):
        Client().get(url)

    assert storing.flush()
    totals = [total for batch in own_batches for total in batch.totals]
    assert [(total.facts.endpoint, total.requests, total.queries, total.release) for total in totals] == [
        ("GET /countries/", 2, 6, "7"),
        ("GET /first/<int:number>/", 1, 2, "7"),
    ]


def test_places_are_below_the_project(own_batches: list[Batch]) -> None:
    """No path of a host is stored, and no statement."""
    Client().get("/first/3/")

    assert storing.flush()
    facts = own_batches[0].totals[0].facts
    assert facts.origin.startswith("tests/production/views.py:")
    assert facts.function == "first"
    assert facts.anchor.startswith("returnHttpResponse(")
    assert str(ROOT) not in repr(facts)
    assert "SELECT" not in repr(facts)


def test_setting_turns_it_off_again(own_batches: list[Batch]) -> None:
    """What is found where no store is set is folded nowhere."""
    with override_settings(QUELL_STORE=""):
        Client().get("/countries/")
        assert not has_sinks()
    assert storing.flush()

    assert own_batches == []


@override_settings(QUELL_STORE="database", QUELL_STORE_SECONDS=3600)
def test_database_store_is_chosen_by_name() -> None:
    """Findings are rows of ``quell.store``."""
    Client().get("/countries/")

    assert storing.flush()
    assert StoredFinding.objects.get().request_count == 1


def test_redis_that_stops_mid_load_stops_no_request(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """Requests go on, the log has one line, folding resumes, and each request is counted once."""
    statuses: list[int] = []

    def load() -> None:
        statuses.extend(Client().get("/countries/").status_code for _ in range(60))
        connections.close_all()

    with (
        caplog.at_level(logging.WARNING),
        override_settings(QUELL_STORE=server.url, QUELL_STORE_SECONDS=0.02, QUELL_LOG_SECONDS=3600),
    ):
        threads = [Thread(target=load) for _ in range(3)]
        for number, thread in enumerate(threads):
            thread.start()
            if number == 1:
                server.kill()
        while sum("does not answer" in record.getMessage() for record in caplog.records) == 0:
            assert any(thread.is_alive() for thread in threads) or not storing.flush()
        server.start()
        for thread in threads:
            thread.join()
        assert storing.flush(30)
        (found,) = RedisStore(server.url).findings()

    assert statuses == [200] * 180
    assert found.total.requests == 180
    assert sum("does not answer" in record.getMessage() for record in caplog.records) == 1


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("no.such.Store", "the dotted path of a class"),
        ("os.path", "the dotted path of a class"),
        ("..", "the dotted path of a class"),
        ("quell.conf.get_settings", "no method fold(batch)"),
        ("ftp://host/", "redis://, rediss:// or unix://"),
        ("redis://:secret/more@host/0", "percent-encoded"),
        ("redis://host:99999999/0", "redis://:PASSWORD@HOST:PORT/NUMBER"),
        ("redis://:secret@host/8?foo=bar", "does not take, or not with this value: foo."),
        ("redis://:secret@host/8?health_check_interval=often", "this value: health_check_interval."),
        ("redis://:pass?secret=1@host/8", "percent-encoded"),
        ("redis://host/8?protocol=9", "this value: protocol."),
        ("tests.no_module.Store", "No module named 'tests.no_module'"),
        (f"{__name__}.ROOT", "which is no class"),
    ],
)
def test_unusable_store_is_a_check(name: str, advice: str, caplog: pytest.LogCaptureFixture) -> None:
    """A system check says what to write, the log has a line, and the application runs."""
    with override_settings(QUELL_STORE=name):
        (found,) = [item for item in run_checks(tags=["quell"]) if item.id == "quell.E006"]
        assert Client().get("/countries/").status_code == 200

    assert advice in found.msg
    assert "secret" not in found.msg
    assert "Findings are folded nowhere." in caplog.text


class Refusing:
    """A store of a project that cannot be made."""

    def __init__(self) -> None:
        kind, text = self.error
        raise kind(text)

    error: tuple[type[Exception], str]

    def fold(self, batch: Batch) -> None:
        """Keep nothing."""


@pytest.mark.parametrize("kind", [TypeError, ValueError, KeyError, RuntimeError, OSError])
def test_constructor_of_an_own_store_is_heard(
    kind: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    """Its own message is shown, without a password, and chained; its path is not called wrong."""
    Refusing.error = kind, "no bucket at s3://me:secret@host/"
    name = f"{__name__}.Refusing"
    with override_settings(QUELL_STORE=name), pytest.raises(UsageError) as caught:
        storing.open_store(name)

    message = str(caught.value)
    assert f"{kind.__name__}: " in message
    assert "no bucket at s3://***@host/" in message
    assert "dotted path" not in message
    assert isinstance(caught.value.__cause__, kind)
    assert message in caplog.text


def test_password_is_in_no_message() -> None:
    """An URL that cannot be used is named by its scheme."""
    with pytest.raises(UsageError) as caught:
        storing.open_store("amqp://user:secret@host/")

    assert "secret" not in str(caught.value)
    # What import_string() says has the whole name in it.
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_database_store_needs_its_application() -> None:
    """The message says what to add."""
    with (
        override_settings(INSTALLED_APPS=["quell"]),
        pytest.raises(UsageError, match=r"quell\.store"),
    ):
        storing.open_store("database")


def test_paths_outside_of_the_project_are_portable(tmp_path: Path) -> None:
    """A package keeps its name below the import root, wherever the environment is."""
    base = str(tmp_path)
    assert project_path(f"{base}/desk/views.py", base) == "desk/views.py"
    inside = f"{base}/.venv/lib/site-packages/shop/views.py"
    assert project_path(inside, base).endswith("views.py")
    assert base not in project_path(inside, base)
    assert project_path("<string>", base) == "<string>"
