"""Errors inside quell: they never reach the application, unless it asks for them."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import DatabaseError, connection, connections
from django.test import override_settings

import quell
from quell.capture.scope import Scope
from quell.exceptions import UsageError
from quell.lineage import hooks
from tests.library.models import Author, Book, Country
from tests.watching.probes import assert_untouched, raw, read_countries

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fresh_hooks", "authors")]

Break = Callable[[pytest.MonkeyPatch], None]


def _fail(*_: object, **__: object) -> Any:
    raise ZeroDivisionError("inside quell")


def _work() -> list[str]:
    """Use every hook: build, evaluate, join, load lazily, prefetch, run raw SQL."""
    names = read_countries()
    names += [
        author.country.name for author in Author.objects.select_related("country", "publisher__country")
    ]
    list(Author.objects.prefetch_related("books__tags"))
    list(Author.objects.raw("SELECT * FROM library_author"))
    raw("SELECT 1")
    return names


BREAKS: dict[str, tuple[object | str, str]] = {
    "find_site": (hooks, "find_site"),
    "begin_fetch": (hooks.Hooks, "_begin_fetch"),
    "begin_raw": (hooks.Hooks, "_begin_raw"),
    "label": (hooks, "_label"),
    "record": (Scope, "_record"),
    "see_connection": (Scope, "see_connection"),
    "see_alias": (Scope, "see_alias"),
    "open": (Scope, "open"),
}


def _logged(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.levelno >= logging.ERROR]


@override_settings(QUELL_ON_ERROR="log")
@pytest.mark.parametrize("name", BREAKS)
def test_broken_hook_is_logged_once_and_lets_the_work_through(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The result is Django's, the log has the traceback once, and the watch is off and says so."""
    expected = _work()
    with monkeypatch.context() as broken:
        broken.setattr(*BREAKS[name], _fail)
        with quell.watch() as watch:
            result = [_work(), _work()]

    assert result == [expected, expected]
    (record,) = _logged(caplog)
    assert (record.name, record.exc_info is not None) == ("quell", True)
    assert watch.findings == ()
    assert "quell failed" in watch.report()
    assert_untouched()


@pytest.mark.parametrize("name", [name for name in BREAKS if name != "see_alias"])
def test_broken_hook_raises_where_it_is_asked_to(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ``QUELL_ON_ERROR = "raise"``, the error reaches the caller and the hooks come off."""
    with monkeypatch.context() as broken:
        broken.setattr(*BREAKS[name], _fail)
        with pytest.raises(ZeroDivisionError, match="inside quell"), quell.watch():
            _work()

    assert_untouched()


@override_settings(QUELL_ON_ERROR="log")
def test_broken_analysis_is_logged_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the analysis fails, there are no findings, and the statements are still there."""
    monkeypatch.setattr("quell.pipeline.judge", _fail)
    with quell.watch() as watch:
        read_countries()

    assert (watch.findings, watch.findings) == ((), ())
    assert len(watch.queries) == 4
    assert len(_logged(caplog)) == 1


def test_broken_analysis_raises_where_it_is_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """With ``"raise"`` the analysis fails loudly."""
    monkeypatch.setattr("quell.pipeline.judge", _fail)
    with quell.watch() as watch:
        read_countries()

    with pytest.raises(ZeroDivisionError):
        _ = watch.findings


@override_settings(QUELL_ON_ERROR="log")
def test_broken_analysis_of_a_decorated_function_lets_it_return(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A decorated function returns what it returns."""
    monkeypatch.setattr("quell.pipeline.judge", _fail)

    assert len(quell.watch()(read_countries)()) == 3
    assert len(_logged(caplog)) == 1


@override_settings(QUELL_ON_ERROR="log")
def test_failure_ends_with_its_scope(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next watch works again."""
    with monkeypatch.context() as broken:
        broken.setattr(hooks, "find_site", _fail)
        with quell.watch():
            read_countries()
    with quell.watch() as watch:
        read_countries()

    assert len(watch.findings) == 1


@override_settings(QUELL_ON_ERROR="log")
def test_broken_watch_stays_open_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A watch that is off is still open: it cannot be entered again, and closes as always."""
    watch = quell.watch()
    with monkeypatch.context() as broken, watch:
        broken.setattr(hooks, "find_site", _fail)
        read_countries()
        with pytest.raises(UsageError):
            watch.__enter__()

    assert_untouched()


@override_settings(QUELL_ON_ERROR="log")
@pytest.mark.parametrize("where", ["pool", "sync_to_async"])
def test_broken_hand_over_to_a_thread_lets_it_run(
    where: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A job runs, also where quell cannot tell who awaits it."""
    monkeypatch.setattr("quell.lineage.callpath.collect", _fail)
    monkeypatch.setattr("quell.lineage.threads.enter_thread", _fail)

    async def run() -> int:
        return await sync_to_async(Country.objects.count)()

    with ThreadPoolExecutor(1) as pool, quell.watch():
        if where == "pool":
            assert pool.submit(Country.objects.count).result() == 3
            pool.submit(connections.close_all).result()
        else:
            assert asyncio.run(run()) == 3

    assert len(_logged(caplog)) == 1


def test_error_of_a_statement_is_the_driver_s_own() -> None:
    """The exception, with its cause, is the same with and without a watch."""

    def error() -> BaseException:
        with pytest.raises(DatabaseError) as caught:
            raw("SELECT * FROM no_such_table")
        return caught.value

    plain = error()
    with quell.watch() as watch:
        watched = error()

    assert (type(watched), watched.args) == (type(plain), plain.args)
    assert type(watched.__cause__) is type(plain.__cause__)
    assert len(watch.queries) == 1


def test_database_that_dies_is_survived() -> None:
    """A connection that breaks in the middle raises Django's error; a new one is watched again."""
    with quell.watch() as watch:
        authors = list(Author.objects.order_by("pk"))
        connection.ensure_connection()
        connection.connection.close()
        with pytest.raises(DatabaseError):
            _ = authors[0].country
        connection.close()
        names = [author.country.name for author in authors]

    assert len(names) == 3
    assert {finding.path for finding in watch.findings} == {"country"}
    assert_untouched()


def test_field_that_fails_to_convert_raises_its_own_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error while rows are read is none of quell's."""
    monkeypatch.setattr(Book, "from_db", classmethod(_fail))
    Book.objects.create(title="One", text="", author=Author.objects.all()[0])

    with quell.watch() as watch, pytest.raises(ZeroDivisionError):
        list(Book.objects.all())

    assert len(watch.queries) == 1
