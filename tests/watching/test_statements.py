"""Which statements a watch sees, and what it tells of each."""

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.test import override_settings

import quell
from tests.library.models import Author, Country
from tests.watching.probes import assert_untouched, raw, read_countries

pytestmark = [pytest.mark.django_db(databases=["default", "other"]), pytest.mark.databases]


def _operations(watch: quell.watch) -> list[str]:
    return [query.operation for query in watch.queries]


@pytest.mark.django_db(databases=["default", "other"], transaction=True)
def test_transaction_control_is_not_counted() -> None:
    """BEGIN, COMMIT, savepoints and rollbacks are no queries."""
    with quell.watch() as watch, transaction.atomic():
        Country.objects.create(name="one")
        with transaction.atomic():
            Country.objects.create(name="two")
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            _ = 1 / 0

    assert _operations(watch) == ["insert", "insert"]


@pytest.mark.parametrize("statement", ["SAVEPOINT s", "savepoint s", "\n  SAVEPOINT s"])
def test_savepoint_by_hand_is_not_counted(statement: str) -> None:
    """Transaction control is known by its first word, in any spelling."""
    with quell.watch() as watch:
        raw(statement)

    assert watch.queries == ()


def test_operations_are_told_apart() -> None:
    """Each kind of statement has its name."""
    with quell.watch() as watch:
        country = Country.objects.create(name="one")
        country.save()
        Country.objects.get(pk=country.pk)
        country.delete()

    assert [name for name in _operations(watch) if name != "select"][:2] == ["insert", "update"]
    assert "select" in _operations(watch)
    assert _operations(watch)[-1] == "delete"


def test_executemany_is_one_event() -> None:
    """``executemany()`` is one statement, marked as many."""
    with quell.watch() as watch, connection.cursor() as cursor:
        cursor.executemany("INSERT INTO library_country (name) VALUES (%s)", [("a",), ("b",)])

    assert [(query.operation, query.many) for query in watch.queries] == [("insert", True)]
    assert Country.objects.count() == 2


def test_row_count_of_a_write_is_known() -> None:
    """The driver tells how many rows a write changed."""
    Country.objects.bulk_create([Country(name="a"), Country(name="b")])
    with quell.watch() as watch:
        Country.objects.update(name="c")

    assert watch.queries[0].row_count == 2


def test_duration_is_a_positive_number_of_milliseconds() -> None:
    """Each statement has its time."""
    with quell.watch() as watch:
        Country.objects.count()

    assert 0 < watch.queries[0].duration_ms < 60_000


def test_start_is_that_of_the_scope_that_saw_it() -> None:
    """A watch inside of another one has an earlier time for the same statement."""
    with quell.watch() as outer:
        read_countries()
        with quell.watch() as inner:
            read_countries()
            read_countries()
    starts = [query.start_ms for query in outer.queries]
    first = inner.queries[0].start_ms

    assert starts == sorted(starts)
    assert 0 < first < inner.queries[1].start_ms
    assert first < starts[1]


def test_cursor_of_an_open_connection_is_seen() -> None:
    """A raw cursor on a connection that was opened before the watch is seen."""
    connection.ensure_connection()
    with quell.watch() as watch:
        raw("SELECT 1")

    assert [query.sql for query in watch.queries] == ["SELECT 1"]
    assert watch.queries[0].trigger is not None
    assert watch.queries[0].trigger.file.endswith("probes.py")


def test_cursor_that_was_open_before_is_seen() -> None:
    """A cursor that was made before the watch is seen, too."""
    with connection.cursor() as cursor, quell.watch() as watch:
        cursor.execute("SELECT 1")

    assert len(watch.queries) == 1


@pytest.mark.django_db(databases=["default", "other"], transaction=True)
@pytest.mark.parametrize("is_raw", [True, False])
def test_connection_that_opens_inside_is_seen(is_raw: bool) -> None:
    """A connection that opens in the block is watched at once, and opening it is no query."""
    connections["other"].close()
    with quell.watch() as watch:
        if is_raw:
            raw("SELECT 1", connections["other"])
        else:
            list(Country.objects.using("other"))

    assert [query.alias for query in watch.queries] == ["other"]


@pytest.mark.django_db(databases=["default", "other"], transaction=True)
def test_connection_object_that_is_made_inside_is_seen() -> None:
    """Also where Django has no object for the alias in this thread yet."""
    connections["other"].close()
    del connections["other"]
    with quell.watch() as watch:
        raw("SELECT 1", connections["other"])

    assert [query.alias for query in watch.queries] == ["other"]


@pytest.mark.django_db(databases=["default", "other"], transaction=True)
def test_connection_outside_of_the_handler_is_seen() -> None:
    """A copy of a connection, as Django makes for a single use, may have an alias that nobody knows."""
    copy = connection.copy("__no_such_alias__")
    try:
        with quell.watch() as watch:
            raw("SELECT 1", copy)
    finally:
        copy.close()

    assert [query.alias for query in watch.queries] == ["__no_such_alias__"]
    assert copy.execute_wrappers == []


def test_aliases_are_told_in_order_of_execution() -> None:
    """Statements of two databases are in one list, each with its alias."""
    with quell.watch() as watch:
        Country.objects.using("default").count()
        Country.objects.using("other").count()
        Country.objects.using("default").count()

    aliases = [query.alias for query in watch.queries]
    assert aliases == ["default", "other", "default"]
    assert {type(alias) for alias in aliases} == {str}


def test_pattern_on_the_other_database_is_found() -> None:
    """``using()`` decides, and lazy loads follow the alias of their row."""
    for n in range(3):
        country = Country.objects.using("other").create(name=f"Country {n}")
        Author.objects.using("other").create(name=f"Author {n}", country=country)
    with quell.watch() as watch:
        names = [author.country.name for author in Author.objects.using("other")]

    assert sorted(names) == ["Country 0", "Country 1", "Country 2"]
    assert {query.alias for query in watch.queries} == {"other"}
    assert [finding.path for finding in watch.findings] == ["country"]


class _Router:
    """Sends every read to the other database; notes what it was asked."""

    hints: list[dict[str, object]]

    def __init__(self) -> None:
        self.hints = []

    def db_for_read(self, model: object, **hints: object) -> str:
        self.hints.append(hints)
        return "other"


def test_router_decides_and_gets_django_s_hints() -> None:
    """A router is asked as without quell, and its answer is where the statement goes."""
    country = Country.objects.using("other").create(name="there")
    Author.objects.using("other").create(name="there", country=country)
    router = _Router()
    with override_settings(DATABASE_ROUTERS=[router]), quell.watch() as watch:
        author = Author.objects.get()
        assert author.country == country

    assert [query.alias for query in watch.queries] == ["other", "other"]
    assert {key for hints in router.hints for key in hints} == {"instance"}
    assert {type(hints["instance"]) for hints in router.hints if hints} == {Author}


@override_settings(QUELL_MAX_EVENTS=2)
def test_events_beyond_the_maximum_are_counted() -> None:
    """Beyond ``QUELL_MAX_EVENTS`` statements are folded into a number, which the report tells."""
    with quell.watch() as watch:
        for _ in range(5):
            Country.objects.count()

    assert (len(watch.queries), watch.dropped_count) == (2, 3)
    assert "5 queries (3 not kept)" in watch.report()


@override_settings(QUELL_MAX_EVENTS=3)
@pytest.mark.usefixtures("authors")
def test_finding_holds_when_events_were_dropped() -> None:
    """What was kept is analysed as always."""
    with quell.watch() as watch:
        read_countries()

    assert [(finding.path, finding.count) for finding in watch.findings] == [("country", 2)]


@pytest.mark.usefixtures("fresh_hooks")
def test_database_error_propagates_and_is_recorded() -> None:
    """The error of a statement is Django's own, and the statement is an event."""
    with quell.watch() as watch, pytest.raises(DatabaseError), transaction.atomic():
        raw("SELECT * FROM no_such_table")

    assert [query.sql for query in watch.queries] == ["SELECT * FROM no_such_table"]
    assert_untouched()


def test_parameters_are_not_in_the_event() -> None:
    """An event holds the statement with its placeholders."""
    with quell.watch() as watch:
        list(Country.objects.filter(name="a secret"))

    assert "a secret" not in repr(watch.queries)


def test_wrapper_that_refuses_a_statement_keeps_its_place() -> None:
    """A wrapper that the application put there first still refuses, and stays when the watch has gone."""

    def refuse(execute: object, sql: str, *rest: object) -> object:
        raise PermissionError(sql)

    with connection.execute_wrapper(refuse):
        with quell.watch(), pytest.raises(PermissionError):
            Country.objects.count()
        assert connection.execute_wrappers == [refuse]
    assert connection.execute_wrappers == []
