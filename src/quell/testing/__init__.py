"""What quell gives to test suites; nothing is imported before a name is asked for."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quell.testing.asserting import (
        QuellAssertions,
        assert_constant_queries,
        assert_max_queries,
        assert_no_findings,
        quell_watch,
    )

__all__ = [
    "QuellAssertions",
    "assert_constant_queries",
    "assert_max_queries",
    "assert_no_findings",
    "quell_watch",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from quell.testing import asserting

    return getattr(asserting, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
