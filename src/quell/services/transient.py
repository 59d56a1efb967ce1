"""Which errors are the fault of other transactions, so that the same call may succeed when it is run again."""

from django.db import Error

_SQLSTATES: dict[str | None, str] = {
    "40001": "serialization failure",
    "40P01": "deadlock",
    "55P03": "lock timeout",
}
_MYSQL_NUMBERS = {
    1020: "serialization failure",  # a row changed since the snapshot, with innodb_snapshot_isolation
    1205: "lock timeout",
    1213: "deadlock",
}
# SQLITE_BUSY and SQLITE_LOCKED; the upper bytes tell why.
_SQLITE_NUMBERS = {5: "lock timeout", 6: "lock timeout"}


def fault_of(error: BaseException | None) -> str:
    """
    Name the fault of other transactions that an error of the database tells of.

    Returns:
        ``"serialization failure"``, ``"deadlock"``, ``"lock timeout"``, or ``""`` for every other error.
    """
    if not isinstance(error, Error):
        return ""
    # PyMySQL has SQLSTATEs too, but it is the number that tells a deadlock from a timeout.
    number = error.args[0] if error.args else None
    if isinstance(number, int):
        return _MYSQL_NUMBERS.get(number, "")
    cause = error.__cause__
    sqlite = getattr(cause, "sqlite_errorcode", None)
    if sqlite is not None:
        return _SQLITE_NUMBERS.get(sqlite & 0xFF, "")
    sqlstate = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    return _SQLSTATES.get(sqlstate, "")
