"""A service is the outermost block, or says why it cannot be."""

from contextlib import suppress
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import path

from quell.services import (
    RetryNotPossible,
    TransactionAborted,
    service,
)
from tests.serviceapp.models import Account
from tests.services.accounts import create, joining, refused
from tests.services.threads import COMMITTING, names

pytestmark = [pytest.mark.databases, COMMITTING]


def line_of(marker: str) -> int:
    """Return the number of the line of this file that ends with a marker."""
    lines = Path(__file__).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.endswith(f"# {marker}"))


def test_service_commits_and_returns() -> None:
    """A service returns what its function returns, and its rows are committed."""
    assert create("one").name == "one"
    assert names() == ["one"]


def test_service_rolls_everything_back() -> None:
    """An error leaves the service as it is, and no row stays."""

    @service
    def fail() -> None:
        Account.objects.create(name="gone")
        raise KeyError("why")

    with pytest.raises(KeyError, match="why"):
        fail()
    assert names() == []


def test_service_rolls_back_when_it_is_interrupted() -> None:
    """Also what is no ``Exception`` rolls back."""

    @service
    def interrupted() -> None:
        Account.objects.create(name="gone")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert names() == []


def test_service_in_a_service_names_where_it_began() -> None:
    """The error says which service is open, and which line called it."""

    @service
    def outer() -> None:
        create("inner")

    def call() -> None:
        outer()  # outer is called

    error = refused(call)
    assert error.opened_by.endswith("outer")
    assert error.opened_at is not None
    assert error.opened_at.line == line_of("outer is called")
    assert error.service == "tests.services.accounts.create"
    assert error.alias == "default"
    assert f"{Path(__file__).name}:{error.opened_at.line}" in str(error)
    assert 'nested="join"' in str(error)
    assert names() == []


def test_service_in_a_with_statement_names_its_line() -> None:
    """A plain block is found by the source around the lines that run: the outermost one."""

    def call() -> None:
        with transaction.atomic():  # the block begins
            decorated()

    error = refused(call)
    assert error.opened_by == "transaction.atomic()"
    assert error.opened_at is not None
    assert error.opened_at.line == line_of("the block begins")


@transaction.atomic
def decorated() -> None:  # the function is decorated
    """Call a service inside of a decorated function."""
    create("inner")


def test_service_in_a_decorated_function_names_it() -> None:
    """A decorated function is named itself."""
    error = refused(decorated)
    assert error.opened_by == "@transaction.atomic"
    assert error.opened_at is not None
    assert error.opened_at.function == "decorated"


def test_service_in_a_block_that_nobody_sees_says_so() -> None:
    """A block that was entered by hand is named without a line."""
    block = transaction.atomic()
    block.__enter__()
    try:
        error = refused(lambda: create("inner"))
    finally:
        block.__exit__(None, None, None)

    assert (error.opened_by, error.opened_at) == ("transaction.atomic()", None)


def test_service_where_autocommit_is_off_raises() -> None:
    """A transaction that nobody opened by a block is open all the same."""
    transaction.set_autocommit(False)
    try:
        error = refused(lambda: create("inner"))
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)

    assert error.opened_by == "set_autocommit(False)"


def view(request: HttpRequest) -> HttpResponse:
    """Call a service, and tell what opened the transaction around it."""
    error = refused(lambda: create("inner"))
    assert error.opened_at is not None
    return HttpResponse(f"{error.opened_by} {error.opened_at.function}")


urlpatterns = [path("", view)]


@override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[])
def test_service_inside_atomic_requests_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """ATOMIC_REQUESTS is named, with the view that it wraps."""
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)

    assert Client().get("/").content == b"ATOMIC_REQUESTS, around the view view"


def test_joining_service_is_a_part_of_the_outer_one() -> None:
    """What joined is committed with the block around it, and rolled back with it."""

    @service
    def outer(*, fails: bool) -> None:
        joining("inner")
        if fails:
            raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        outer(fails=True)
    assert names() == []
    outer(fails=False)
    assert names() == ["inner"]


def test_joining_service_opens_a_transaction_where_none_is() -> None:
    """Alone, it is the outermost."""
    joining("alone")

    assert names() == ["alone"]


def test_joining_service_that_fails_dooms_the_outer_one() -> None:
    """Whoever catches the error of a part loses the whole, and learns it, with the error as the cause."""

    @service(nested="join")
    def part() -> None:
        Account.objects.create(name="half")
        raise KeyError("part")

    @service
    def outer() -> None:
        with suppress(KeyError):
            part()

    with pytest.raises(TransactionAborted) as caught:
        outer()
    assert isinstance(caught.value.__cause__, KeyError)
    assert names() == []


def test_joining_costs_no_statement() -> None:
    """Joining opens no savepoint."""
    with service(), CaptureQueriesContext(connection) as queries:
        joining("inner")
    assert len(queries) == 1


def test_retrying_service_cannot_join_what_is_not_run_again() -> None:
    """The error says where the transaction began that would have to be run again."""

    @service(retry=3, nested="join")
    def inner() -> None:
        """Do nothing."""

    @service
    def outer() -> None:
        inner()

    with pytest.raises(RetryNotPossible, match="not run again") as caught:
        outer()
    assert caught.value.opened_by.endswith("outer")
    assert caught.value.opened_at is not None
    with pytest.raises(RetryNotPossible), transaction.atomic():
        inner()


def test_retrying_service_joins_one_that_is_run_again() -> None:
    """The outer one runs both again."""

    @service(retry=3, nested="join")
    def inner() -> str:
        return "done"

    assert service(retry=2)(inner)() == "done"
