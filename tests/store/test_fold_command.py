"""``manage.py quell fold``."""

from io import StringIO
from threading import Thread
from unittest import mock

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.models import Model
from django.test import Client, override_settings

from quell.store.database import DatabaseStore
from quell.store.findings import FindingTrend, FoldedBatch, StoredFinding
from quell.store.folding import Batch
from quell.store.redis import RedisStore
from quell.store.totals import DAY_SECONDS, Total
from tests.store.conftest import Server, facts
from tests.store.test_database_store import _NOW

pytestmark = pytest.mark.django_db


def _fold() -> str:
    output = StringIO()
    call_command("quell", "fold", stdout=output)
    return output.getvalue().strip()


def _add(store: RedisStore, number: str, seen_at: int) -> None:
    totals = []
    for finding in (1, 2):
        total = Total(facts=facts(finding), release="1")
        total.add(count=3, saved=2, seen_at=seen_at)
        totals.append(total)
    store.fold(Batch(number, totals))


def test_numbers_of_redis_become_rows(server: Server) -> None:
    """Each finding, its hours and its days; a second run brings what is new, and counts nothing twice."""
    store = RedisStore(server.url)
    with override_settings(QUELL_STORE=server.url):
        _add(store, "a", _NOW - DAY_SECONDS)
        assert _fold() == "2 findings folded"
        _add(store, "b", _NOW)
        _fold()
        _fold()

    assert list(StoredFinding.objects.values_list("request_count", "query_count")) == [(2, 6), (2, 6)]
    assert sum(FindingTrend.objects.filter(step="day").values_list("request_count", flat=True)) == 4


@pytest.mark.parametrize("store", ["", "database"])
def test_without_redis_there_is_nothing_to_fold(store: str) -> None:
    """The error says where the findings are."""
    with override_settings(QUELL_STORE=store), pytest.raises(CommandError, match="in the database already"):
        _fold()


def test_redis_that_does_not_answer_is_named(server: Server) -> None:
    """The error says what to do."""
    server.kill()
    with override_settings(QUELL_STORE=server.url), pytest.raises(CommandError, match="does not answer"):
        _fold()


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_runs_at_once_wait_for_each_other(server: Server) -> None:
    """SQLite refuses who has read before another one wrote, and servers end one of two that wait for each other."""
    store = RedisStore(server.url)
    for number in range(6):
        _add(store, str(number), _NOW - number * DAY_SECONDS)
    answers: list[str] = []

    def fold() -> None:
        try:
            answers.append(_fold())
        except CommandError as error:
            answers.append(str(error))
        finally:
            connections.close_all()

    with override_settings(QUELL_STORE=server.url):
        for _ in range(10):
            StoredFinding.objects.all().delete()
            threads = [Thread(target=fold) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert set(StoredFinding.objects.values_list("request_count", "query_count")) == {(6, 18)}
            days = FindingTrend.objects.filter(step="day")
            assert days.count() == sum(days.values_list("request_count", flat=True)) == 12

    assert answers == ["2 findings folded"] * 40


class _Elsewhere:
    """A router that keeps the tables of ``quell.store`` in a database of their own, as docs of Django show it."""

    def db_for_read(self, model: type[Model], **_: object) -> str | None:
        """Read them there."""
        return "other" if model._meta.app_label == "quell_store" else None

    db_for_write = db_for_read


@pytest.mark.databases
@pytest.mark.django_db(transaction=True, databases=["default", "other"])
def test_tables_may_be_in_another_database(server: Server, client: Client) -> None:
    """Both stores and the command write there, and the admin reads there."""
    store = RedisStore(server.url)
    User.objects.create_superuser("root", password="x")
    client.login(username="root", password="x")
    with override_settings(DATABASE_ROUTERS=[_Elsewhere()], QUELL_STORE=server.url):
        _add(store, "a", _NOW)
        assert _fold() == "2 findings folded"
        total = Total(facts=facts(3), release="1")
        total.add(count=3, saved=2, seen_at=_NOW)
        DatabaseStore().fold(Batch("b", [total]))
        address = "/admin/quell_store/storedfinding/"
        row = StoredFinding.objects.latest("pk")
        pages = (address, f"{address}by/origin/", f"{address}{row.pk}/change/", f"{address}{row.pk}/fix/")
        answers = [client.get(page) for page in pages]
        assert [(answer.status_code, b"library.Author" in answer.content) for answer in answers] == [
            (200, True), (200, False), (200, True), (200, True),
        ]  # fmt: skip
        assert b"library/views.py:3" in answers[1].content
        client.post(f"{address}{row.pk}/delete/", {"post": "yes"})

    assert StoredFinding.objects.using("default").count() == 0
    assert StoredFinding.objects.using("other").count() == 2


def test_database_without_tables_is_one_line(server: Server) -> None:
    """The error says what to do."""
    with override_settings(QUELL_STORE=server.url), mock.patch.object(FoldedBatch._meta, "db_table", "gone"):
        _add(RedisStore(server.url), "a", _NOW)
        with pytest.raises(CommandError, match=r"refuses the findings \(\w+Error: .*manage\.py migrate"):
            _fold()
