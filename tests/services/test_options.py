"""What a service asks for is checked when it is declared."""

import pytest
from django.db import IntegrityError, OperationalError

from quell.exceptions import UsageError
from quell.services import Retry, savepoint, service
from quell.services.transient import fault_of
from tests.serviceapp.models import Account
from tests.services.faults import error_of


@service
def create(name: str) -> Account:
    """Create an account."""
    return Account.objects.create(name=name)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nested": "joined"}, r"nested='joined' is not one of \"raise\", \"join\""),
        ({"isolation": "snapshot"}, "isolation='snapshot' is not one of"),
        ({"retry": 0}, "retry=0 is no whole number, 1 or more"),
        ({"retry": True}, "retry=True is no whole number"),
        ({"lock_timeout_ms": 0.5}, "lock_timeout_ms=0.5 is no whole number"),
        ({"statement_timeout_ms": -1}, "statement_timeout_ms=-1 is no whole number"),
        ({"deferrable": True}, "deferrable=True means something only"),
        ({"using": ""}, "using='' names no database"),
        ({"using": ["default", "default"]}, "names a database twice"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, object], message: str) -> None:
    """A wrong option is an error when the service is declared."""
    with pytest.raises(UsageError, match=message):
        service(**options)  # type: ignore[call-overload]  # what the test is about


def test_what_is_no_function_is_refused() -> None:
    """A class, a value and a wrapped method are refused, each with what to do."""
    with pytest.raises(UsageError, match="decorates a function"):
        service(Account)
    with pytest.raises(UsageError, match="decorates a function"):
        service(3)  # type: ignore[call-overload]  # what the test is about
    with pytest.raises(UsageError, match="belongs below @staticmethod"):
        service(staticmethod(create))
    with pytest.raises(UsageError, match="@savepoint belongs below @classmethod"):
        savepoint(classmethod(create))  # type: ignore[arg-type, call-overload]  # what the test is about


def test_function_keeps_its_name() -> None:
    """The decorated function looks like the function."""
    assert create.__name__ == "create"
    assert create.__doc__ == "Create an account."


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (error_of(sqlstate="40001"), "serialization failure"),
        (error_of(sqlstate="40P01"), "deadlock"),
        (error_of(sqlstate="55P03"), "lock timeout"),
        (error_of(pgcode="40P01"), "deadlock"),
        (error_of(sqlstate="57014"), ""),
        (error_of(IntegrityError, sqlstate="23505"), ""),
        (error_of(OperationalError, 1213, "Deadlock found"), "deadlock"),
        (error_of(OperationalError, 1205, "Lock wait timeout"), "lock timeout"),
        (error_of(OperationalError, 1020, "Record has changed"), "serialization failure"),
        (error_of(OperationalError, 2006, "gone away"), ""),
        (error_of(sqlite_errorcode=5), "lock timeout"),
        (error_of(sqlite_errorcode=517), "lock timeout"),
        (error_of(sqlite_errorcode=262), "lock timeout"),
        (error_of(sqlite_errorcode=19), ""),
        (OperationalError(), ""),
        (ValueError(1213), ""),
        (None, ""),
    ],
)
def test_fault_of_names_what_others_did(error: BaseException | None, fault: str) -> None:
    """Only what another transaction caused is a fault; drivers and databases have codes of their own."""
    assert fault_of(error) == fault


def test_pauses_grow_and_differ() -> None:
    """Each pause is between zero and a bound that doubles up to the greatest."""
    retry = Retry(first_delay_ms=10, max_delay_ms=25)
    for tries, bound in ((1, 0.010), (2, 0.020), (3, 0.025), (500, 0.025)):
        pauses = {retry.delay_seconds(tries) for _ in range(50)}
        assert all(0 <= pause <= bound for pause in pauses)
        assert len(pauses) > 1
        assert max(pauses) > bound / 2


@pytest.mark.parametrize(
    "wrong", [{"seconds": -1}, {"tries": 0}, {"first_delay_ms": "1"}, {"max_delay_ms": True}]
)
def test_wrong_numbers_are_refused(wrong: dict[str, object]) -> None:
    """A limit that is none is an error when it is declared."""
    with pytest.raises(UsageError):
        Retry(**wrong)  # type: ignore[arg-type]  # what the test is about
