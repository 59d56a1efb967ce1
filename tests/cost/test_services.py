"""What a service costs per call: a fixed number of calls of quell, whatever its transaction does."""

from collections.abc import Callable
from functools import partial

import pytest

from quell.services import savepoint, service
from tests.cost.counting import calls_by_size
from tests.serviceapp.models import Account

pytestmark = pytest.mark.django_db(databases=["default", "other"], transaction=True)


def _nothing(*args: object) -> None:
    """Do nothing."""


@service
def _with_savepoint() -> None:
    with savepoint():
        """Do nothing."""


# The calls of quell per call that each kind may cost at most; two databases, one of which it does not name.
KINDS: dict[str, tuple[Callable[..., object], int]] = {
    "plain": (service(_nothing), 23),
    "retry": (service(retry=5)(_nothing), 24),
    "with a number": (partial(service(_nothing), 1), 24),
    "with a savepoint": (_with_savepoint, 55),
}


def _per_call(work: Callable[[], object]) -> float:
    def run(count: int) -> None:
        for _ in range(count):
            work()

    few, many = calls_by_size(run, 10, 30)
    return (many.total() - few.total()) / 20


@pytest.mark.parametrize("name", KINDS)
def test_service_costs_a_few_calls(name: str) -> None:
    """Each kind of service costs a small, fixed number of calls."""
    work, limit = KINDS[name]

    cost = _per_call(work)

    assert cost == int(cost)
    assert 0 < cost <= limit


def test_row_as_argument_costs_no_call_per_column() -> None:
    """The state of a row is three calls more than a number: one for it, and one for each of its two namespaces."""
    row = Account.objects.create(name="row")
    plain = service(_nothing)

    assert _per_call(partial(plain, row)) - _per_call(partial(plain, 1)) == 3


def test_query_in_a_service_costs_nothing() -> None:
    """A service that runs five statements makes as many calls of quell as one that runs one."""

    @service
    def read(count: int) -> None:
        for _ in range(count):
            Account.objects.exists()

    assert _per_call(partial(read, 5)) == _per_call(partial(read, 1))
