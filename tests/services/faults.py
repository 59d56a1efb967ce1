"""Errors as drivers raise them."""

from django.db import DatabaseError, OperationalError


class FakeDriverError(Exception):
    """What a driver raises, with the code of the database."""


def error_of(kind: type[DatabaseError] = OperationalError, *args: object, **codes: object) -> DatabaseError:
    """Return an error as Django raises it from that of a driver."""
    cause = FakeDriverError()
    for name, value in codes.items():
        setattr(cause, name, value)
    error = kind(*args)
    error.__cause__ = cause
    return error
