"""The outbox: what is called, when, and what happens to calls that fail or whose process dies."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from quell.exceptions import UsageError
from quell.services import TransactionRequired, aoutbox, delivering, outbox, savepoint, service
from quell.services.delivering import LEASE_SECONDS, MAX_TRIES, deliver_due
from quell.store.models import OutboxMessage
from tests.serviceapp.calls import fail, made, note, note_async
from tests.serviceapp.models import Account
from tests.services.threads import COMMITTING, at_once

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.databases, COMMITTING]


@pytest.fixture(autouse=True)
def nothing_made() -> Iterator[None]:
    """Forget the calls of other tests."""
    made.clear()
    yield
    OutboxMessage.objects.all().delete()


@pytest.fixture
def undelivered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no call be made right after the commit, as if the process died there."""
    monkeypatch.setattr("quell.services.posting.deliver_at_once", lambda *_: None)


@service
def store(function: Callable[..., object] | str = note, **arguments: Any) -> None:
    """Leave a call in the outbox."""
    outbox(function, **(arguments or {"name": "one"}))
    assert not made


def run(*options: str) -> None:
    """Run the command."""
    call_command("quell", "outbox", *options)


def make_due() -> None:
    """Let the pauses of all messages be over."""
    OutboxMessage.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def test_call_is_made_after_the_commit() -> None:
    """It is made at once, and its row is deleted."""
    store()

    assert made == ["one"]
    assert not OutboxMessage.objects.exists()


def test_dotted_path_and_async_function_are_called() -> None:
    """A function can be named, and it can be async."""
    store("tests.serviceapp.calls.note", name="named")
    made_before = made.copy()
    made.clear()
    store(note_async, name="two")

    assert (made_before, made) == (["named"], ["async two"])


def test_rolled_back_call_is_never_made() -> None:
    """The row is one of the transaction, or of its savepoint."""

    @service
    def failing() -> None:
        outbox(note, name="lost")
        raise LookupError

    @service
    def half() -> None:
        outbox(note, name="kept")
        with suppress(LookupError), savepoint():
            outbox(note, name="lost")
            raise LookupError

    with pytest.raises(LookupError):
        failing()
    half()
    run("--once")

    assert made == ["kept"]


def test_async_service_has_an_outbox() -> None:
    """The row is written in its transaction, and an async function runs in its event loop."""

    @service
    async def serve() -> None:
        await aoutbox(note_async, name="one")
        await aoutbox(note, name="two")

    asyncio.run(serve())

    assert made == ["async one", "two"]
    assert not OutboxMessage.objects.exists()


@pytest.mark.usefixtures("undelivered")
def test_command_makes_the_calls_that_are_left(capsys: pytest.CaptureFixture[str]) -> None:
    """What the process did not do after its commit, the command does."""
    store(name="one")
    store(name="two")

    run("--once")

    assert made == ["one", "two"]
    assert "2 calls made, 0 failed" in capsys.readouterr().out


def test_call_that_fails_is_made_again_later() -> None:
    """The service returns; the call is due again after a pause, and keeps its error."""
    store(fail, name="one")
    message = OutboxMessage.objects.get()

    run("--once")
    assert made == ["one"]
    make_due()
    run("--once")

    assert made == ["one", "one"]
    assert message.due_at > timezone.now()
    assert message.error == "ValueError: one"
    assert OutboxMessage.objects.get().tries == 2


def test_dead_call_is_listed_and_revived(capsys: pytest.CaptureFixture[str]) -> None:
    """A call that failed too often waits for somebody who looks."""
    store(fail, name="one")
    OutboxMessage.objects.update(tries=MAX_TRIES - 1)
    make_due()
    run("--once")
    made.clear()
    make_due()
    run("--once")

    run("--dead")
    listed = capsys.readouterr().out
    run("--revive")
    run("--once")

    assert "tests.serviceapp.calls.fail" in listed
    assert "ValueError: one" in listed
    assert made == ["one"]


@pytest.mark.usefixtures("undelivered")
def test_taken_call_is_left_to_its_worker_until_the_lease_is_over() -> None:
    """Nobody else makes it meanwhile; if that worker died, somebody does afterwards."""
    store()
    taken = delivering._take_one("default")

    run("--once")
    assert not made
    assert taken.tries == 1
    lease = OutboxMessage.objects.get().due_at - timezone.now()
    assert timedelta(0) < lease <= timedelta(seconds=LEASE_SECONDS)
    make_due()
    run("--once")

    assert made == ["one"]


@pytest.mark.usefixtures("undelivered")
def test_workers_share_the_calls() -> None:
    """Several at once make each call once."""
    names = [f"call {number}" for number in range(20)]
    for name in names:
        store(name=name)

    at_once(*[lambda: list(deliver_due("default"))] * 3)
    # One that was busy in another thread at every look is left for the next one.
    run("--once")

    assert sorted(made) == sorted(names)


@pytest.mark.usefixtures("undelivered")
def test_command_runs_until_it_is_told_to_stop() -> None:
    """It looks again and again, and ends on SIGTERM."""
    store()
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()

    run("--interval", "0.05")

    assert made == ["one"]
    timer.join()


def test_misuse_is_told() -> None:
    """What a row cannot keep, and what could not be called, is refused at once."""
    with pytest.raises(TransactionRequired):
        outbox(note, name="one")
    with pytest.raises(UsageError, match="cannot find"):
        store(lambda: None)
    with pytest.raises(UsageError, match="does not take"):
        store(note, nobody="one")
    with pytest.raises(UsageError, match="JSON"):
        store(note, name=object())
    with pytest.raises(CommandError, match="no alias"):
        run("--database", "nowhere")


_CHILD = """
import json, os, signal, sys
import tests.settings
for alias, name in json.loads(sys.argv[1]).items():
    tests.settings.DATABASES[alias]["NAME"] = name
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import django
django.setup()
import quell.services.posting
from quell.services import delivering, outbox, service
from tests.serviceapp.calls import rename
from tests.serviceapp.models import Account

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

if sys.argv[2] == "before":
    quell.services.posting.deliver_at_once = die
else:
    delivering._deliver = die

@service
def create():
    Account.objects.create(name="one")
    outbox(rename, name="one")

create()
"""


@pytest.mark.parametrize("moment", ["before", "taken"])
def test_killed_process_loses_nothing(moment: str) -> None:
    """SIGKILL between the commit and the call: the row is there, and the call is made by somebody else."""
    databases = json.dumps({"default": str(connection.settings_dict["NAME"])})
    command = [sys.executable, "-c", _CHILD, databases, moment]

    result = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert result.returncode == -signal.SIGKILL, result.stderr.decode()
    assert list(Account.objects.values_list("name", flat=True)) == ["one"]
    if moment == "taken":
        make_due()
    run("--once")

    assert list(Account.objects.values_list("name", flat=True)) == ["one, called"]
    assert not OutboxMessage.objects.exists()
