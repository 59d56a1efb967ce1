"""Types of services, as users see them; checked by mypy, never run."""

from collections.abc import Callable, Coroutine
from typing import Any, assert_type

from quell.events import Location, ServiceEvent, ServiceOutcome
from quell.services import (
    NestedTransaction,
    RetriesExhausted,
    Retry,
    Savepoint,
    Service,
    after_commit,
    alock,
    alock_rows,
    aoutbox,
    lock,
    lock_rows,
    outbox,
    read_only,
    savepoint,
    service,
    transaction_required,
)
from tests.serviceapp.models import Account


@service
def bare(number: int, *, name: str = "") -> str:
    """Return a text."""
    return name * number


@service(retry=Retry(tries=3), isolation="serializable", using=["default", "other"], idempotency_key="number")
async def called(number: int) -> str:
    """Return a text."""
    return str(number)


@read_only
def reading() -> int:
    """Return a number."""
    return 1


@savepoint
def part() -> int:
    """Return a number."""
    return 1


@transaction_required(using="other")
def needing() -> int:
    """Return a number."""
    return 1


assert_type(bare(1, name="x"), str)
call: Callable[[int], Coroutine[Any, Any, str]] = called
assert_type(reading(), int)
assert_type(part(), int)
assert_type(needing(), int)
assert_type(service(), Service)
assert_type(read_only(), Service)
assert_type(savepoint(using="other"), Savepoint)
assert_type(lock_rows(Account.objects.all()), list[Account])


async def in_a_coroutine() -> None:
    """Use the verbs in async code."""
    async with service(), savepoint():
        assert_type(await called(1), str)
        assert_type(await alock_rows(Account.objects.all()), list[Account])
        await alock("ticket", 1)
        await aoutbox(called, number=1)


def facts(nested: NestedTransaction, exhausted: RetriesExhausted, event: ServiceEvent) -> None:
    """Read what errors and events tell."""
    assert_type(nested.opened_at, Location | None)
    assert_type(exhausted.tries, int)
    assert_type(event.outcome, ServiceOutcome)
    hook: Callable[[], object] = reading
    after_commit(hook)
    outbox("dotted.path", number=1)
    lock("ticket", 1)
