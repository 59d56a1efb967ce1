"""Every setting of quell, read at call time and forgotten when a test overrides it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import Any, TypeAlias

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

PREFIX = "QUELL_"
ON_ERROR_CHOICES = ("log", "raise")
SampleUrls: TypeAlias = Callable[[], Sequence[str]] | Sequence[str] | str


def _setting(default: Any, test: Callable[[Any], bool], wanted: str) -> Any:
    return field(default=default, metadata={"test": test, "wanted": wanted})


def _at_least(bound: int) -> tuple[Callable[[Any], bool], str]:
    # A bool is an int to Python, but True is no number of repeats.
    return (
        lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= bound,
        f"a whole number, {bound} or more",
    )


def _is_texts(value: object) -> bool:
    return isinstance(value, (list, tuple, set, frozenset)) and all(isinstance(item, str) for item in value)


def _is_urls(value: object) -> bool:
    return callable(value) or isinstance(value, str) or _is_texts(value)


_TEXTS = (_is_texts, "a list or tuple of texts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of quell; the name of a field, in capitals behind ``QUELL_``, is that of the setting."""

    # Distinct instances of one root that load one relation.
    lineage_threshold: int = _setting(2, *_at_least(2))
    # Repeats of one statement by one path.
    loop_threshold: int = _setting(3, *_at_least(2))
    # Statements that a watch keeps; the rest is counted.
    max_events: int = _setting(50_000, *_at_least(1))
    # Packages that are no user code, beside the built-in ones.
    libraries: Sequence[str] = _setting((), *_TEXTS)
    # What an error inside quell does.
    on_error: str = _setting("log", lambda value: value in ON_ERROR_CHOICES, '"log" or "raise"')
    # Parameters of statements in terminals.
    show_params: bool = _setting(False, lambda value: isinstance(value, bool), "True or False")
    # What `quell profile` visits beside what it finds itself.
    sample_urls: SampleUrls = _setting((), _is_urls, "a list of URLs, a callable that returns one, or its dotted path")
    # Regular expressions of paths that are never visited.
    profile_exclude: Sequence[str] = _setting((), *_TEXTS)


_FIELDS = {PREFIX + item.name.upper(): item for item in fields(Settings)}
_override: Settings | None = None


def setting_names() -> tuple[str, ...]:
    """Return the name of every setting, sorted."""
    return tuple(sorted(_FIELDS))


def problem_of(name: str, value: object) -> tuple[str, str] | None:
    """
    Tell what is wrong with a value for a setting.

    Returns:
        The fact and what to do, or ``None`` where the value is right.
    """
    item = _FIELDS[name]
    if item.metadata["test"](value):
        return None
    wanted = item.metadata["wanted"]
    return f"is {value!r}, which is not {wanted}", f"Set it to {wanted}; without it the value is {item.default!r}."


@cache
def _read() -> Settings:
    given = {name: getattr(django_settings, name) for name in _FIELDS if hasattr(django_settings, name)}
    # A wrong value is reported by the checks; here the default keeps the application running.
    return Settings(**{_FIELDS[name].name: value for name, value in given.items() if problem_of(name, value) is None})


def get_settings() -> Settings:
    """Return all settings; they are read once, until one of them is overridden."""
    if _override is not None:
        return _override
    try:
        return _read()
    except ImproperlyConfigured:
        # A script that has not configured Django yet gets the defaults now, and its own settings later.
        return Settings()


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
