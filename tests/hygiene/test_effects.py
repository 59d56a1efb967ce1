"""What is an effect, and what is none."""

import http.client
import logging
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from logging.handlers import SocketHandler
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.core.cache import cache, caches
from django.core.mail import send_mail, send_mass_mail
from django.db import connection, transaction
from django.test import override_settings

from quell.events import SideEffect
from quell.services import after_commit, read_only, service
from tests.hygiene.seen import effects_of, findings_of, line_of
from tests.serviceapp.models import Account
from tests.services.threads import COMMITTING

pytestmark = pytest.mark.django_db


def kinds_of(work: Callable[[], object]) -> list[tuple[str, str]]:
    """Return kind and library of the effects of a function that runs in a transaction."""
    return [(effect.kind, effect.name) for effect in effects_of(service(lambda: (work(), None)[1]))]


def _send_mail() -> None:
    send_mail("Hello", "World", "one@example.com", ["two@example.com"])


def test_urllib_is_seen(url: str) -> None:
    """One request is one effect, whatever events it raises."""
    assert kinds_of(lambda: urllib.request.urlopen(url).close()) == [("http", "http.client")]


def test_request_with_a_body_is_one_effect(url: str) -> None:
    """The parts that are sent behind the first belong to it."""
    assert kinds_of(lambda: urllib.request.urlopen(url, data=b"a=1").close()) == [("http", "http.client")]


def test_open_connection_is_seen(url: str) -> None:
    """Each request on a connection that was opened before the transaction is one effect."""
    client = http.client.HTTPConnection(urlsplit(url).netloc)
    client.connect()

    def ask() -> None:
        for _ in range(2):
            client.request("GET", "/")
            client.getresponse().read()

    assert kinds_of(ask) == [("http", "http.client")] * 2
    client.close()


def test_mail_in_memory_is_seen() -> None:
    """The backend of tests stands for the one that sends."""
    assert kinds_of(_send_mail) == [("mail", "django.core.mail")]
    assert len(mail.outbox) == 1


def test_many_messages_at_once_are_one_effect() -> None:
    """A connection of a backend sends them together."""
    messages = [("Hello", "World", "one@example.com", ["two@example.com"])] * 3

    assert kinds_of(lambda: send_mass_mail(messages)) == [("mail", "django.core.mail")]


@pytest.mark.parametrize(
    "write",
    [
        lambda: cache.set("key", 1),
        lambda: cache.add("key", 1),
        lambda: cache.delete("key"),
        lambda: cache.set_many({"key": 1, "other": 2}),
        lambda: cache.delete_many(["key", "other"]),
        lambda: cache.touch("key"),
        lambda: cache.get_or_set("key", 1),
        lambda: cache.clear(),  # noqa: PLW0108 -- looked up when it is called
    ],
    ids=["set", "add", "delete", "set_many", "delete_many", "touch", "get_or_set", "clear"],
)
def test_cache_write_is_one_effect(write: Callable[[], object]) -> None:
    """Each method that writes is one, also where it consists of others."""
    assert kinds_of(write) == [("cache", "django.core.cache")]


def test_cache_reads_are_silent() -> None:
    """What reads only leaves nothing behind."""
    assert kinds_of(lambda: (cache.get("key"), cache.get_many(["key"]), "key" in cache)) == []


def test_cache_in_a_table_is_silent() -> None:
    """Its rows are taken back with the others."""
    with override_settings(
        CACHES={"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "table"}}
    ):
        from django.core.management import call_command

        call_command("createcachetable")

        assert kinds_of(lambda: caches["default"].set_many({"one": 1})) == []
        assert kinds_of(lambda: caches["default"].set("key", 1)) == []


def test_processes_are_seen() -> None:
    """Another process knows of no rollback."""
    command = [sys.executable, "-c", ""]

    assert kinds_of(lambda: subprocess.run(command, check=True)) == [("subprocess", "subprocess")]
    assert kinds_of(lambda: os.system("true")) == [("subprocess", "subprocess")]


def test_connection_to_a_server_is_seen(url: str) -> None:
    """A protocol that quell does not know has a socket."""
    address = urlsplit(url).hostname, urlsplit(url).port

    assert kinds_of(lambda: socket.create_connection(address).close()) == [("network", "socket")]


def test_logging_is_silent(url: str) -> None:
    """A handler that sends records away is nobody's line to change."""
    logger = logging.getLogger("tests.hygiene")
    handler = SocketHandler(str(urlsplit(url).hostname), urlsplit(url).port)
    logger.addHandler(handler)

    assert kinds_of(lambda: logger.error("here")) == []

    logger.removeHandler(handler)
    handler.close()


def test_long_sleep_is_seen() -> None:
    """From a tenth of a second on, a sleep is an effect; a shorter one is none."""
    assert kinds_of(lambda: time.sleep(0.1)) == [("sleep", "time.sleep")]
    assert kinds_of(lambda: time.sleep(0.09)) == []


def test_outside_of_a_transaction_is_silent(url: str) -> None:
    """Where no transaction is open nothing is noted; the one of this test is none."""

    def work() -> None:
        _send_mail()
        cache.set("key", 1)
        urllib.request.urlopen(url).close()
        Account.objects.create(name="one")

    assert not effects_of(work)


def test_after_commit_is_silent(django_capture_on_commit_callbacks: Callable[..., object]) -> None:
    """What the advice says ends the finding."""

    @service
    def open_account() -> None:
        Account.objects.create(name="one")
        after_commit(_send_mail)

    assert not findings_of(open_account)


def test_atomic_is_as_a_service() -> None:
    """A plain block of Django's is a transaction, too, and its line is known."""

    def work() -> None:
        with transaction.atomic():  # begin
            _send_mail()

    (effect,) = effects_of(work)

    assert effect.opened_by == "transaction.atomic()"
    assert effect.opened_at is not None
    assert effect.opened_at.line == line_of(__file__, "begin")


def test_decorated_function_is_where_it_begins() -> None:
    """Of ``@atomic``, the function is named."""

    @transaction.atomic
    def decorated() -> None:
        _send_mail()

    (effect,) = effects_of(decorated)

    assert effect.opened_by == "@transaction.atomic"
    assert effect.opened_at is not None
    assert effect.opened_at.function.endswith("decorated")


def test_transaction_that_began_before_the_watch_is_known() -> None:
    """A watch inside of a transaction finds its line in the source."""
    with transaction.atomic():  # before
        (effect,) = effects_of(_send_mail)

    assert effect.opened_at is not None
    assert effect.opened_at.line == line_of(__file__, "before")


def test_savepoint_belongs_to_its_transaction() -> None:
    """What is named is where the transaction began, and not an inner block."""

    def work() -> None:
        with transaction.atomic():  # outer
            with transaction.atomic():
                pass
            with transaction.atomic():
                _send_mail()

    (effect,) = effects_of(work)

    assert effect.opened_at is not None
    assert effect.opened_at.line == line_of(__file__, "outer")


def test_read_only_block_is_a_transaction() -> None:
    """It writes nothing, and yet it holds a connection."""
    assert [effect.kind for effect in effects_of(read_only(_send_mail))] == ["mail"]


@COMMITTING
def test_autocommit_that_is_off_is_a_transaction() -> None:
    """Whoever switches it off by hand has a transaction all the time."""
    connection.ensure_connection()
    transaction.set_autocommit(False)
    try:
        effects: tuple[SideEffect, ...] = effects_of(_send_mail)
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)

    assert [effect.opened_by for effect in effects] == ["set_autocommit(False)"]


@pytest.mark.databases
@COMMITTING
def test_connections_to_databases_are_silent() -> None:
    """A connection that the transaction itself opens is no effect."""
    connection.close()

    assert kinds_of(lambda: Account.objects.create(name="one")) == []
