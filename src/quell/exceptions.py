"""Errors that quell raises."""


class QuellError(Exception):
    """The base of every error that a caller of quell may handle."""


class UsageError(QuellError):
    """A bug in the calling code: the message says what to change."""


class PlanConflict(QuellError):
    """Two plans, or a plan and a queryset, give one name two meanings."""
