"""Rows that plain Django loses in silence, and what a service does instead."""

from contextlib import suppress

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction

from quell.services import (
    TransactionAborted,
    savepoint,
    service,
)
from tests.serviceapp.models import Account
from tests.services.threads import COMMITTING, names

pytestmark = [pytest.mark.databases, COMMITTING]


def fail_inside() -> None:
    """Fail in an inner block without a savepoint."""
    with transaction.atomic(savepoint=False):
        Account.objects.create(name="inner")
        raise ValueError


def write_and_catch() -> str:
    """Write a row, catch the error of an inner block, and believe that all is well."""
    Account.objects.create(name="outer")
    try:
        fail_inside()
    except ValueError:
        return "done"
    return "not reached"


def test_plain_atomic_loses_rows_without_an_error() -> None:
    """Django: the block ends normally, and its rows are gone."""
    assert transaction.atomic(write_and_catch)() == "done"
    assert names() == []


def test_service_raises_where_its_rows_would_be_lost() -> None:
    """A service that returns has its rows; otherwise it raises, and names itself and the reason."""
    with pytest.raises(TransactionAborted, match="write_and_catch returned, but its rows") as caught:
        service(write_and_catch)()

    assert "was caught" in caught.value.reason
    assert caught.value.alias == "default"
    assert names() == []


def test_service_names_the_error_that_was_caught() -> None:
    """The error of a ``save()`` that was caught is the cause."""

    @service
    def create_twice() -> None:
        Account.objects.create(name="twin")
        with suppress(IntegrityError):
            Account.objects.create(name="twin")

    with pytest.raises(TransactionAborted) as caught:
        create_twice()

    assert isinstance(caught.value.__cause__, IntegrityError)
    assert names() == []


def test_service_does_not_name_the_error_of_an_earlier_transaction() -> None:
    """What Django remembers of an earlier transaction is no cause of this one."""
    Account.objects.create(name="twin")
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.create(name="twin")

    with pytest.raises(TransactionAborted) as caught:
        service(write_and_catch)()

    assert caught.value.__cause__ is None


def test_service_with_savepoint_survives_the_error() -> None:
    """What may fail stands in a savepoint; the rest is committed."""

    @service
    def create() -> None:
        Account.objects.create(name="outer")
        try:
            with savepoint():
                Account.objects.create(name="outer")
        except IntegrityError:
            Account.objects.create(name="instead")

    create()
    assert names() == ["instead", "outer"]


def fail_in_sql() -> None:
    """Write a row, and catch the error of a raw statement."""
    Account.objects.create(name="before")
    with suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM no_such_table")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the others go on after a failed statement")
def test_service_raises_where_postgres_rolls_back_in_silence() -> None:
    """PostgreSQL answers COMMIT with ROLLBACK after a failed statement, and nobody tells."""
    transaction.atomic(fail_in_sql)()
    assert names() == []

    with pytest.raises(TransactionAborted, match="PostgreSQL ignores what follows"):
        service(fail_in_sql)()


@pytest.mark.skipif(connection.vendor == "postgresql", reason="PostgreSQL rolls everything back")
def test_service_commits_where_a_failed_statement_is_undone_alone() -> None:
    """Elsewhere the rows are there after a failed statement was caught, so nothing raises."""
    service(fail_in_sql)()

    assert names() == ["before"]


def close_inside() -> None:
    """Write a row, and close the connection."""
    Account.objects.create(name="gone")
    connection.close()


def test_service_raises_where_the_connection_was_closed() -> None:
    """Django ends the block without a word."""
    transaction.atomic(close_inside)()
    assert names() == []

    with pytest.raises(TransactionAborted, match="closed inside the block"):
        service(close_inside)()
    assert names() == []


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite only")
def test_service_raises_where_sqlite_ended_the_transaction() -> None:
    """After an error on which SQLite rolls back, the statements that follow commit one by one."""

    @service
    def create() -> None:
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK")

    with pytest.raises(TransactionAborted, match="SQLite had to roll"):
        create()


def test_catching_what_the_database_raises_needs_a_savepoint() -> None:
    """Django's own error for a statement behind a failed one leaves the service, and nothing is committed."""

    @service
    def create() -> None:
        Account.objects.create(name="twin")
        with pytest.raises(IntegrityError):
            Account.objects.create(name="twin")
        Account.objects.create(name="behind")

    with pytest.raises(transaction.TransactionManagementError):
        create()
    assert names() == []


@pytest.mark.skipif(connection.vendor != "mysql", reason="MariaDB only")
def test_service_raises_after_a_deadlock_that_was_caught() -> None:
    """MariaDB rolls everything back on a deadlock, and what follows would be committed alone."""
    Account.objects.create(name="one")

    @service
    def catch() -> None:
        Account.objects.create(name="before")
        with suppress(OperationalError), connection.cursor() as cursor:
            cursor.execute("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'deadlock'")

    with pytest.raises(TransactionAborted) as caught:
        catch()
    assert isinstance(caught.value.__cause__, OperationalError)
    assert names() == ["one"]
