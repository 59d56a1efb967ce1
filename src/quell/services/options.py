"""What a service asks for, checked when it is declared."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from django.db import DEFAULT_DB_ALIAS

from quell.exceptions import UsageError

Nested = Literal["raise", "join"]
Isolation = Literal["read uncommitted", "read committed", "repeatable read", "serializable"]
# Weakest first: a transaction gives what it was asked for if it is at least as strong.
LEVELS: tuple[str, ...] = get_args(Isolation)
Using: TypeAlias = str | Sequence[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """
    How often, and for how long, a service that lost against another transaction is run again.

    Args:
        tries: Runs in all, the first included; at least 1.
        seconds: No further run begins when this much time has passed since the first one began.
        first_delay_ms: Upper bound of the pause before the second run; it doubles with each further one.
        max_delay_ms: Upper bound of every pause.
    """

    tries: int = 5
    seconds: float = 30.0
    first_delay_ms: float = 10.0
    max_delay_ms: float = 1000.0

    def __post_init__(self) -> None:
        _check_whole("tries", self.tries, minimum=1)
        for name in ("seconds", "first_delay_ms", "max_delay_ms"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
                msg = f"Retry({name}={value!r}) is no number, 0 or more."
                raise UsageError(msg)

    def delay_seconds(self, tries_done: int) -> float:
        """
        Return the pause before the next run.

        It is anything from 0 to its bound: services that disturbed each other must not meet again.
        Source: "full jitter", as Amazon's architecture blog names it.
        """
        bound_ms = min(self.max_delay_ms, self.first_delay_ms * 2 ** min(tries_done - 1, 30))
        return random.uniform(0, bound_ms) / 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What one service asks for; ``aliases`` are its databases, in the order in which they commit."""

    name: str
    aliases: tuple[str, ...] = (DEFAULT_DB_ALIAS,)
    nested: Nested = "raise"
    retry: Retry | None = None
    isolation: Isolation | None = None
    is_read_only: bool = False
    is_deferrable: bool = False
    lock_timeout_ms: int | None = None
    statement_timeout_ms: int | None = None

    def __post_init__(self) -> None:
        _check_choice("nested", self.nested, get_args(Nested))
        if self.isolation is not None:
            _check_choice("isolation", self.isolation, LEVELS)
        for name in ("lock_timeout_ms", "statement_timeout_ms"):
            value = getattr(self, name)
            if value is not None:
                _check_whole(name, value, minimum=1)
        if self.is_deferrable and not (self.isolation == "serializable" and self.is_read_only):
            msg = (
                "deferrable=True means something only to a serializable transaction that is read-only: "
                'add isolation="serializable" and read_only=True, or leave it out.'
            )
            raise UsageError(msg)

    @property
    def needs_setup(self) -> bool:
        """Whether the transaction has to be told something when it begins."""
        return (
            self.isolation is not None
            or self.is_read_only
            or self.lock_timeout_ms is not None
            or self.statement_timeout_ms is not None
        )


def aliases_of(using: Using) -> tuple[str, ...]:
    """Return the databases that ``using=`` names."""
    if using is None:
        return (DEFAULT_DB_ALIAS,)
    aliases = (using,) if isinstance(using, str) else tuple(using)
    if not aliases or not all(aliases):
        msg = f"using={using!r} names no database: give an alias of DATABASES, or a list of them."
        raise UsageError(msg)
    if len(set(aliases)) < len(aliases):
        msg = f"using={using!r} names a database twice."
        raise UsageError(msg)
    return aliases


def retry_of(value: "Retry | int | None") -> Retry | None:
    """Return what ``retry=`` stands for: a number is one of tries."""
    if value is None or isinstance(value, Retry):
        return value
    _check_whole("retry", value, minimum=1)
    return Retry(tries=value)


def name_of(function: Callable[..., object]) -> str:
    """Return the name by which messages and signals call a function."""
    inner = getattr(function, "func", function)
    module = getattr(inner, "__module__", "")
    name = getattr(inner, "__qualname__", "") or type(inner).__qualname__
    return f"{module}.{name}" if module else name


def _check_choice(name: str, value: object, choices: Sequence[str]) -> None:
    if value not in choices:
        quoted = ", ".join(f'"{choice}"' for choice in choices)
        msg = f"{name}={value!r} is not one of {quoted}."
        raise UsageError(msg)


def _check_whole(name: str, value: object, *, minimum: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < minimum:
        msg = f"{name}={value!r} is no whole number, {minimum} or more."
        raise UsageError(msg)
