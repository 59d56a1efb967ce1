"""What tells equal parameters, without keeping them."""

from typing import Any

_CHUNK = 64  # longer lists are batches, whatever they hold


def hashes_of(sql: str, params: Any) -> tuple[int, tuple[int, ...]]:
    """
    Return what tells equal parameters, and for a SELECT with a few of them what tells equal ones of two statements.

    They themselves never leave the process, nor stay in it. A number by itself would be its own hash.
    """
    try:
        number = hash(params)
    except (TypeError, ValueError):
        # A list, or a memoryview that can be written to.
        return hash(repr(params)), ()
    if type(params) is tuple and 1 < len(params) < _CHUNK and sql.startswith("SELECT"):
        return number, tuple(map(hash, zip(params, strict=True)))
    return number, ()
