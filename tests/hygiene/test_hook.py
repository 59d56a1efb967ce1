"""What stays in the process, and what it costs: nothing before it is asked for, one call afterwards."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from django.core.cache import cache
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction
from django.db.transaction import Atomic

import quell
from quell.lineage._patches_effects import installation
from quell.lineage._patching import MAX_ROUNDS
from quell.lineage.effects import audit, wrap_sleep
from quell.services import service
from tests.cost.counting import calls_of
from tests.hygiene.seen import effects_of
from tests.serviceapp.models import Account

ROOT = Path(__file__).resolve().parents[2]
_FRESH = """
import os, sys
added = []
add, sys.addaudithook = sys.addaudithook, lambda hook: (added.append(hook), add(hook))
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import django
django.setup()
import quell
from quell.services import service
with quell.watch():
    service(lambda: None)
print(len(added), end=" ")
for _ in range(2):
    with quell.watch(transactions=True):
        pass
print(len(added))
"""


def test_hook_is_added_once_and_on_the_first_use() -> None:
    """A watch that does not ask for transactions adds none, the first that does adds one, and no other does."""
    command = [sys.executable, "-c", _FRESH]

    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert result.stdout == "0 1\n"


@pytest.mark.django_db
def test_nothing_is_left_but_the_hook() -> None:
    """When the watch ends, Django's methods are its own again."""
    before = Atomic.__enter__, Atomic.__exit__, EmailBackend.send_messages

    with quell.watch(transactions=True):
        assert Atomic.__enter__ is not before[0]

    assert before == (Atomic.__enter__, Atomic.__exit__, EmailBackend.send_messages)
    assert not audit.is_listening


@pytest.fixture
def first_rounds() -> Iterator[None]:
    """Count the watches of this test only, and take the patches off behind it."""
    rounds, installation.rounds = installation.rounds, 0
    yield
    if installation.is_kept:
        installation.is_kept = False
        installation.release()
    installation.rounds = rounds


@pytest.mark.django_db
def test_many_watches_leave_one_patch_of_each_method(first_rounds: None) -> None:
    """After 200 rounds the patches stay; what happens is still told once, and work outside costs what it did."""
    before = Atomic.__enter__
    for _ in range(MAX_ROUNDS + 5):
        with quell.watch(transactions=True):
            pass

    assert Atomic.__enter__.__wrapped__ is before  # type: ignore[attr-defined]  # of a wrapper
    assert [found.kind for found in effects_of(service(lambda: time.sleep(0.1)))] == ["sleep"]


@pytest.mark.django_db
def test_library_that_is_imported_later_is_patched(
    first_rounds: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the patches stay, which is what a long-lived process comes to."""
    installation.keep()
    library = ModuleType("dramatiq.actor")
    library.Actor = type("Actor", (), {"send_with_options": lambda self: None})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "dramatiq.actor", library)

    effects = effects_of(service(lambda: library.Actor().send_with_options()))

    assert [found.name for found in effects] == ["Dramatiq"]


@pytest.mark.django_db
def test_work_without_a_watch_costs_the_hook_only() -> None:
    """Afterwards, what Python audits costs one call each, and nothing else costs any."""
    with quell.watch(transactions=True):
        pass

    def work() -> None:
        with transaction.atomic():
            Account.objects.exists()
            cache.set("key", 1)
            time.sleep(0)

    assert calls_of(work) == {}


@pytest.mark.django_db
def test_time_sleep_is_wrapped_where_python_does_not_audit_it() -> None:
    """The patch of older Pythons sees what the hook sees on newer ones."""
    slept: list[float] = []
    sleep = wrap_sleep(slept.append)

    effects = effects_of(service(lambda: sleep(0.2)))

    assert slept == [0.2]
    assert [(effect.kind, effect.seconds) for effect in effects] == [("sleep", 0.2)]


@pytest.mark.django_db
def test_other_thread_is_not_in_the_transaction() -> None:
    """A thread has connections of its own, and is in no transaction."""
    from threading import Thread

    @service
    def starting() -> None:
        thread = Thread(target=cache.set, args=("key", 1))
        thread.start()
        thread.join()

    assert not effects_of(starting)
