"""Comments in SQL that tell route and line."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections
from django.test import AsyncClient, Client, override_settings

import quell
from quell.production import comments
from quell.production.comments import install
from quell.sqltext import fingerprint, is_transaction_control
from tests.library.models import Author, Country

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = [
    pytest.mark.databases,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("authors", "installed"),
]


class _Seen:
    """The statements as the driver gets them, by the innermost wrapper."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.found.append(sql)
        return execute(sql, params, many, context)

    @property
    def comments(self) -> list[str]:
        """The comments of all statements."""
        return [match[0] if (match := re.search(r"/\*.*\*/", sql)) else "" for sql in self.found]


@pytest.fixture
def seen() -> Iterator[_Seen]:
    """The setting is on, and what reaches the driver is kept."""
    found = _Seen()
    with override_settings(QUELL_SQL_COMMENTS=True, BASE_DIR=ROOT), connection.execute_wrapper(found):
        yield found


def _line(mark: str, file: Path = Path(__file__)) -> int:
    lines = file.read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.endswith(f"# {mark}"))


def test_statement_tells_its_line(seen: _Seen) -> None:
    """The innermost line of user code, below the project."""
    list(Country.objects.all())  # here

    assert seen.comments == [f"/*origin='tests%%2Fproduction%%2Ftest_comments.py%%3A{_line('here')}'*/"]


def test_statement_of_a_request_tells_its_route(seen: _Seen) -> None:
    """With its placeholders, and never the URL."""
    Client().get("/first/2/?token=secret")

    assert len(seen.comments) == 3
    for text in seen.comments:
        assert text.endswith(",route='%%2Ffirst%%2F%%3Cint%%3Anumber%%3E%%2F'*/")
        assert "secret" not in text
        assert text.startswith("/*origin='tests%%2Fproduction%%2Fviews.py%%3A")


@override_settings(QUELL_SAMPLE_RATE=0)
def test_request_outside_of_the_sample_tells_its_route_as_well(seen: _Seen) -> None:
    """One request has the same statements as another."""
    Client().get("/first/1/")

    assert all("route=" in text for text in seen.comments)


def test_route_ends_with_the_request(seen: _Seen) -> None:
    """What runs later has none."""
    Client().get("/first/1/")
    seen.found.clear()
    Country.objects.count()

    assert ["route=" in text for text in seen.comments] == [False]


async def test_async_request_tells_its_route() -> None:
    """Also from the thread that serves it, whose stack has no line of the view."""
    found = _Seen()
    with override_settings(QUELL_SQL_COMMENTS=True, BASE_DIR=ROOT):
        await sync_to_async(lambda: connection.execute_wrappers.append(found))()
        try:
            await AsyncClient().get("/async/")
        finally:
            await sync_to_async(lambda: connection.execute_wrappers.remove(found))()

    # A connection that opens asks for itself first.
    told = [text for text in found.comments if text]
    assert len(told) == 4
    assert set(told) == {"/*route='%%2Fasync%%2F'*/"}


def test_results_are_the_same(seen: _Seen) -> None:
    """Percent signs, with parameters and without, mean what they did."""
    Country.objects.create(name="100 %")

    assert Country.objects.filter(name__contains="0 %").count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM library_country WHERE name LIKE '100 %'")
        assert cursor.fetchone() == (1,)
        cursor.execute("SELECT COUNT(*) FROM library_country WHERE name LIKE '100 %%' AND 1 = %s", [1])
        assert cursor.fetchone() == (1,)
        cursor.execute("SELECT COUNT(*) FROM library_country ;")
        assert cursor.fetchone() == (4,)
    assert seen.comments[2].startswith("/*origin='tests%2Fproduction")
    assert seen.comments[3].startswith("/*origin='tests%%2Fproduction")
    assert seen.found[4].endswith("*/ ;")


def test_comment_of_somebody_else_stays_alone(seen: _Seen) -> None:
    """A statement with a comment is left as it is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 /* mine */")
        cursor.execute("SELECT 1 -- mine")

    assert seen.found == ["SELECT 1 /* mine */", "SELECT 1 -- mine"]


def test_many_sets_of_parameters_stay_one_insert(seen: _Seen) -> None:
    """Drivers make one statement of them by what it ends with."""
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO library_country (name) VALUES (%s)", [["x"], ["y"]])

    assert seen.found == ["INSERT INTO library_country (name) VALUES (%s)"]
    assert Country.objects.count() == 5


def test_every_way_to_write_works(seen: _Seen) -> None:
    """Inserts that return keys, bulk, updates, upserts and deletions."""
    first = Country.objects.create(name="a")
    Country.objects.bulk_create([Country(name="b"), Country(name="c")])
    Country.objects.filter(pk=first.pk).update(name="d")
    Author.objects.create(name="e", country=first)
    first.delete()

    assert Country.objects.filter(name__in=["b", "c", "d"]).count() == 2
    bare = [sql for sql in seen.found if "/*" not in sql]
    assert [sql for sql in bare if not is_transaction_control(sql)] == []


def test_scope_sees_statements_as_they_were(seen: _Seen) -> None:
    """What quell shows and compares has no comment."""
    with quell.watch() as watch:
        for author in Author.objects.order_by("pk"):
            assert author.country.name

    assert ["/*" in event.sql for event in watch.queries] == [False] * 4
    assert [finding.code for finding in watch.findings] == ["Q101"]


def test_fingerprint_ignores_comments(seen: _Seen) -> None:
    """A statement with the comment has the fingerprint of the one without."""
    Country.objects.filter(name="x").exists()

    (sql,) = seen.found
    assert fingerprint(sql) == fingerprint(sql.partition(" /*")[0])


@pytest.mark.skipif(
    connections["default"].vendor == "sqlite", reason="SQLite shows no statement of a session"
)
def test_database_shows_the_comment() -> None:
    """The server's own list of what runs has the text with the line."""
    query = {
        "postgresql": "SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()",
        "mysql": "SELECT info FROM information_schema.processlist WHERE id = connection_id()",
    }[connection.vendor]
    with override_settings(QUELL_SQL_COMMENTS=True, BASE_DIR=ROOT), connection.cursor() as cursor:
        cursor.execute(query)  # shown
        (text,) = cursor.fetchone()

    assert f"origin='tests%2Fproduction%2Ftest_comments.py%3A{_line('shown')}'" in text


def test_setting_that_is_off_again_leaves_no_wrapper() -> None:
    """Connections are as they were."""
    with override_settings(QUELL_SQL_COMMENTS=True):
        connection.ensure_connection()
        assert comments._comment in connection.execute_wrappers
    assert comments._comment not in connection.execute_wrappers


def test_connection_that_opens_inside_a_block_keeps_its_wrappers() -> None:
    """Django takes its own wrapper off by position, which is never that of the comments."""
    connection.close()
    with override_settings(QUELL_SQL_COMMENTS=True):
        install(is_on=False)
        install(is_on=True)
        connection.execute_wrappers[:] = []
        connection.close()
        found = _Seen()
        with connection.execute_wrapper(found):
            Country.objects.count()
        assert [item is comments._comment for item in connection.execute_wrappers] == [True]
