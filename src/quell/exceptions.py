"""Errors that quell raises."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quell.events import Location
    from quell.loading.plan import FetchPlan


class QuellError(Exception):
    """The base of every error that a caller of quell may handle."""


class UsageError(QuellError):
    """A bug in the calling code: the message says what to change."""


class PlanConflict(QuellError):
    """Two plans, or a plan and a queryset, give one name two meanings."""


class LazyLoadForbidden(QuellError):
    """A relation or a column was loaded on demand inside ``forbid_lazy_loading()``; it names the plan to add."""

    def __init__(self, message: str, *, model: str, path: str, plan: "FetchPlan | None") -> None:
        super().__init__(message)
        self.model = model
        self.path = path
        self.plan = plan


class ServiceError(QuellError):
    """
    The base of what services raise.

    ``service`` is the name of the service or block, ``alias`` that of its database.
    """

    def __init__(self, message: str, *, service: str, alias: str) -> None:
        super().__init__(message)
        self.service = service
        self.alias = alias


class NestedTransaction(ServiceError):
    """
    A service was called where a transaction is open already.

    ``opened_by`` names what opened that one, and ``opened_at`` the line, ``None`` where quell cannot tell.
    """

    def __init__(
        self, message: str, *, service: str, alias: str, opened_by: str, opened_at: "Location | None"
    ) -> None:
        super().__init__(message, service=service, alias=alias)
        self.opened_by = opened_by
        self.opened_at = opened_at


class RetryNotPossible(NestedTransaction):
    """A service with ``retry=`` would join a transaction that it cannot run again."""


class JoinNotPossible(NestedTransaction):
    """A service would join a transaction that lacks what it asks for, such as an isolation level."""


class TransactionRequired(ServiceError):
    """What needs an open transaction was called without one."""


class TransactionAborted(ServiceError):
    """
    A block returned normally, and yet its rows could not be committed; everything is rolled back.

    ``reason`` tells what doomed the transaction; ``__cause__`` is the error, where it is known.
    """

    def __init__(self, message: str, *, service: str, alias: str, reason: str) -> None:
        super().__init__(message, service=service, alias=alias)
        self.reason = reason


class RetriesExhausted(ServiceError):
    """
    Every try of a service failed because of other transactions; the last error is ``__cause__``.

    ``tries`` is how often it ran, ``seconds`` how long all that took.
    """

    def __init__(self, message: str, *, service: str, alias: str, tries: int, seconds: float) -> None:
        super().__init__(message, service=service, alias=alias)
        self.tries = tries
        self.seconds = seconds


class OutcomeUnknown(ServiceError):
    """The connection was lost while it committed: the rows may be there or not."""


class PartlyCommitted(ServiceError):
    """
    Of a service with several databases, one could not commit after another one had.

    ``alias`` is the one that failed, ``committed`` those whose rows are there, ``rolled_back`` all others.
    """

    def __init__(
        self,
        message: str,
        *,
        service: str,
        alias: str,
        committed: tuple[str, ...],
        rolled_back: tuple[str, ...],
    ) -> None:
        super().__init__(message, service=service, alias=alias)
        self.committed = committed
        self.rolled_back = rolled_back


class WriteForbidden(ServiceError):
    """A statement that may write ran in a read-only block, or on a database that the service does not name."""


class ServiceEnded(ServiceError):
    """A task used the transaction of an async service that is over."""
