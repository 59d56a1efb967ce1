"""A service with a key runs once per key."""

import asyncio
from typing import Any

import pytest
from django.test import override_settings

from quell.exceptions import UsageError
from quell.services import Retry, service
from quell.store.models import IdempotentCall
from tests.serviceapp.models import Account
from tests.services.faults import error_of
from tests.services.threads import COMMITTING, at_once, names

pytestmark = [pytest.mark.databases, COMMITTING]
CALLS = 100


@service(idempotency_key="request", retry=Retry(tries=20, first_delay_ms=1))
def create(request: str, name: str = "one") -> dict[str, Any]:
    """Create an account, and return its key."""
    return {"pk": Account.objects.create(name=name).pk}


def test_second_call_returns_the_first_result() -> None:
    """With an equal key nothing runs, whatever the other arguments are; with another one it does."""
    first = create("a")
    assert create("a", "two") == first
    assert create("b", "three") != first
    assert names() == ["one", "three"]


def test_call_that_failed_may_be_called_again() -> None:
    """What was rolled back has not happened."""

    @service(idempotency_key=lambda fails: "key")
    def work(fails: bool) -> str:
        if fails:
            raise KeyError
        return "done"

    with pytest.raises(KeyError):
        work(fails=True)
    assert not IdempotentCall.objects.exists()
    assert work(fails=False) == "done"
    assert work(fails=True) == "done"


def test_equal_calls_at_once_run_once() -> None:
    """Of many equal calls at the same time one runs, and all return its result."""

    def call(number: int) -> list[dict[str, Any]]:
        return [create("same", f"{number} {turn}") for turn in range(CALLS // 10)]

    results = at_once(*[lambda number=number: call(number) for number in range(10)])

    assert len(names()) == 1
    assert {result["pk"] for each in results for result in each} == {Account.objects.get().pk}


async def test_equal_async_calls_at_once_run_once() -> None:
    """The same for tasks of one event loop."""

    @service(idempotency_key="request", retry=Retry(tries=20, first_delay_ms=1))
    async def acreate(request: str, name: str) -> int:
        return (await Account.objects.acreate(name=name)).pk

    results = await asyncio.gather(*[acreate("same", f"{number}") for number in range(CALLS)])

    assert len(set(results)) == 1
    assert len(names()) == 1


def test_runs_after_a_fault_are_one_call() -> None:
    """A retry of the service is the same call."""
    runs: list[int] = []

    @service(idempotency_key=lambda: "key", retry=Retry(first_delay_ms=1))
    def work() -> int:
        runs.append(1)
        if len(runs) == 1:
            raise error_of(sqlstate="40001")
        return len(runs)

    assert (work(), work(), runs) == (2, 2, [1, 1])


@pytest.mark.parametrize("key", ["", "x" * 201, None, True, 1.5])
def test_wrong_key_is_refused(key: Any) -> None:
    """A key that says nothing, or cannot be stored, is an error."""
    with pytest.raises(UsageError, match="has to be a text of 1 to 200"):
        create(key)


def test_wrong_declarations_are_refused() -> None:
    """A name that is no parameter, a result that is no JSON, and a missing app are errors that say what to do."""
    with pytest.raises(UsageError, match=r"is no parameter of .*nothing \(a, b\)"):
        service(idempotency_key="c")(nothing)
    with pytest.raises(UsageError, match="which cannot be stored as JSON"):
        service(idempotency_key=lambda: "key")(unstorable)()
    with pytest.raises(UsageError, match="cannot be run again, or left out"), service(idempotency_key="a"):
        """Never reached."""
    with (
        override_settings(INSTALLED_APPS=["tests.serviceapp"]),
        pytest.raises(UsageError, match=r"quell\.store"),
    ):
        create("a")


def nothing(a: int, b: int) -> None:
    """Do nothing."""


def unstorable() -> object:
    """Return what is no JSON."""
    return object()
