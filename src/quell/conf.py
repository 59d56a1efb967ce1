"""Every setting of quell, read at call time and forgotten when a test overrides it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from functools import cache

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

PREFIX = "QUELL_"
ON_ERROR_CHOICES = ("log", "raise")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of quell; the name of a field, in capitals behind ``QUELL_``, is that of the setting."""

    lineage_threshold: int = 2  # distinct instances of one root that load one relation, at least 2
    loop_threshold: int = 3  # repeats of one statement by one path, at least 2
    max_events: int = 50_000  # statements that a watch keeps; the rest is counted
    libraries: Sequence[str] = ()  # packages that are no user code, beside the built-in ones
    on_error: str = "log"  # what an error inside quell does: "log" or "raise"
    show_params: bool = False  # parameters of statements in terminals
    sample_urls: Callable[[], Sequence[str]] | Sequence[str] | str = field(default=())
    profile_exclude: Sequence[str] = ()  # regular expressions of paths that are never visited


_override: Settings | None = None


@cache
def _read() -> Settings:
    names = {item.name: PREFIX + item.name.upper() for item in fields(Settings)}
    try:
        given = {key: getattr(django_settings, name) for key, name in names.items() if hasattr(django_settings, name)}
    except ImproperlyConfigured:
        # A script that has not configured Django yet gets the defaults.
        return Settings()
    return Settings(**given)


def get_settings() -> Settings:
    """Return all settings; they are read once, until one of them is overridden."""
    return _override or _read()


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
