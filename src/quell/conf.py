"""Every setting of quell, read at call time and forgotten when a test overrides it."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import cache
from os import PathLike
from typing import TypeAlias

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

PREFIX = "QUELL_"
ON_ERROR_CHOICES = ("log", "raise")
SampleUrls: TypeAlias = Callable[[], Sequence[str]] | Sequence[str] | str
SampleRate: TypeAlias = float | Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of quell; the name of a field, in capitals behind ``QUELL_``, is that of the setting."""

    lineage_threshold: int = 2  # distinct instances of one root that load one relation, at least 2
    loop_threshold: int = 3  # repeats of one statement by one path, at least 2
    max_events: int = 50_000  # statements that a watch keeps, at least 1; the rest is counted
    wide_column_share: float = 0.5  # part of a row's bytes beyond which any column is wide, from 0 to 1
    libraries: Sequence[str] = ()  # packages that are no user code, beside the built-in ones
    on_error: str = "log"  # what an error inside quell does: "log" or "raise"
    sample_urls: SampleUrls = ()  # what `quell profile` visits: URLs, a callable that returns some, its path
    profile_exclude: Sequence[str] = ()  # regular expressions of paths that are never visited
    ignore: Sequence[str | Mapping[str, object]] = ()  # findings to silence: codes, or what to match
    plans: str | PathLike[str] = ""  # the file of recorded plans to apply; "": none
    service_connections: int = (
        8  # threads with connections for the async services of an event loop, at least 1
    )
    transaction_hygiene: bool = False  # whether every watch looks for Q201 and Q202
    long_transaction_ms: float = 1000.0  # milliseconds from which on a transaction is long (Q202), above 0
    baseline: str | PathLike[str] = ""  # the file of known findings; "": quell-baseline.json, where it exists
    sample_rate: SampleRate = 1.0  # part of the requests that the middleware watches, from 0 to 1, or by path
    budget_share: float = 0.1  # part of the process's CPU time that analysing requests may take; 1: all of it
    log_seconds: float = 3600.0  # seconds until the log tells a finding again; 0: each time
    store: str = (
        ""  # where findings are folded: "database", the URL of a Redis, the path of a class; "": nowhere
    )
    store_seconds: float = 5.0  # seconds that findings are gathered for until they are folded, above 0
    release: str = ""  # what runs: a version or a commit, kept with each finding
    sql_comments: bool = False  # whether statements tell route and line in a comment


_FIELDS = {PREFIX + item.name.upper(): item for item in fields(Settings)}
_override: Settings | None = None


def _is_number(value: object, *, minimum: int) -> bool:
    # True is an int to Python, and no number of repeats.
    return isinstance(value, int) and not isinstance(value, bool) and value >= minimum


def _is_texts(value: object) -> bool:
    return isinstance(value, (list, tuple, set, frozenset)) and all(isinstance(item, str) for item in value)


def _is_real(value: object, *, minimum: float = 0) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= minimum


def _is_share(value: object) -> bool:
    return _is_real(value) and value <= 1  # type: ignore[operator]  # a number, by the test before


def _is_rate(value: object) -> bool:
    if not isinstance(value, Mapping):
        return _is_share(value)
    return all(_is_pattern(path) and _is_share(share) for path, share in value.items())


def _is_pattern(value: object) -> bool:
    try:
        return isinstance(value, str) and re.compile(value) is not None
    except re.error:
        return False


def _is_store(value: object) -> bool:
    is_known = value in {"", "database"} if isinstance(value, str) else False
    return is_known or (isinstance(value, str) and ("://" in value or "." in value))


def _is_duration(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0


# What a value has to be, in words and as a test.
_NUMBER_OF_REPEATS = ("a whole number, 2 or more", lambda value: _is_number(value, minimum=2))
_TEXTS = ("a list or tuple of texts", _is_texts)
_RULES: dict[str, tuple[str, Callable[[object], bool]]] = {
    "lineage_threshold": _NUMBER_OF_REPEATS,
    "loop_threshold": _NUMBER_OF_REPEATS,
    "service_connections": ("a whole number, 1 or more", lambda value: _is_number(value, minimum=1)),
    "max_events": ("a whole number, 1 or more", lambda value: _is_number(value, minimum=1)),
    "wide_column_share": ("a number from 0 to 1", _is_share),
    "libraries": _TEXTS,
    "on_error": ('"log" or "raise"', lambda value: value in ON_ERROR_CHOICES),
    "sample_urls": (
        "a list of URLs, a callable that returns one, or the dotted path of such a callable",
        lambda value: callable(value) or isinstance(value, str) or _is_texts(value),
    ),
    "profile_exclude": _TEXTS,
    "ignore": (
        "a list or tuple of patterns",
        lambda value: isinstance(value, (list, tuple)),
    ),
    "transaction_hygiene": ("True or False", lambda value: isinstance(value, bool)),
    "long_transaction_ms": ("a number above 0", _is_duration),
    "plans": ("the path of a file", lambda value: isinstance(value, (str, PathLike))),
    "baseline": ("the path of a file", lambda value: isinstance(value, (str, PathLike))),
    "sample_rate": (
        "a number from 0 to 1, or a dictionary of regular expressions of paths with a number for each",
        _is_rate,
    ),
    "budget_share": ("a number from 0 to 1", _is_share),
    "log_seconds": ("a number of seconds, 0 or more", _is_real),
    "store": ('"database", the URL of a Redis, or the dotted path of a class', _is_store),
    "store_seconds": (
        "a number of seconds above 0",
        lambda value: _is_real(value) and value != 0,
    ),
    "release": ("a text", lambda value: isinstance(value, str)),
    "sql_comments": ("True or False", lambda value: isinstance(value, bool)),
}


def setting_names() -> tuple[str, ...]:
    """Return the name of every setting, sorted."""
    return tuple(sorted(_FIELDS))


def problem_of(name: str, value: object) -> tuple[str, str] | None:
    """
    Tell what is wrong with the value of a setting.

    Returns:
        The fact and what to do, or ``None`` where the value is right.
    """
    field = _FIELDS[name]
    wanted, is_right = _RULES[field.name]
    if is_right(value):
        return None
    return f"is {value!r}, which is not {wanted}", f"Set it to {wanted}; the default is {field.default!r}."


@cache
def _read() -> Settings:
    given = {name: getattr(django_settings, name) for name in _FIELDS if hasattr(django_settings, name)}
    # The checks report a wrong value; here the default keeps the application running.
    right = {name: value for name, value in given.items() if problem_of(name, value) is None}
    return Settings(**{_FIELDS[name].name: value for name, value in right.items()})


def get_settings() -> Settings:
    """Return all settings; they are read once, until one of them is overridden."""
    if _override is not None:
        return _override
    try:
        return _read()
    except ImproperlyConfigured:
        # A script that has not configured Django yet gets the defaults now, and its own settings later.
        return Settings()


def base_dir() -> str:
    """Return the folder of the project, or an empty text where its settings name none."""
    try:
        return str(getattr(django_settings, "BASE_DIR", ""))
    except ImproperlyConfigured:
        return ""


@contextmanager
def override(**changes: object) -> Iterator[Settings]:
    """Change settings inside a block, in code that cannot use Django's ``override_settings``."""
    global _override  # noqa: PLW0603 -- one process, one set of settings
    before = _override
    _override = replace(get_settings(), **changes)  # type: ignore[arg-type]  # names are checked by replace()
    try:
        yield _override
    finally:
        _override = before


def _forget(*, setting: str, **_: object) -> None:
    if setting.startswith(PREFIX):
        _read.cache_clear()


setting_changed.connect(_forget, dispatch_uid="quell.conf")
