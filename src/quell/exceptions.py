"""Errors that quell raises."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
