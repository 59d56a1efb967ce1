"""From the findings of a scope to a store that ``QUELL_STORE`` names."""

import logging
import re
import threading
from functools import lru_cache
from urllib.parse import parse_qs

from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from quell.anchors import anchor_of
from quell.conf import base_dir, get_settings
from quell.events import Location
from quell.exceptions import UsageError
from quell.findings import Finding
from quell.paths import project_path
from quell.store.folding import Backend, Folder
from quell.store.totals import Facts
from quell.telling import Report, add_sink, identity_of, remove_sink

logger = logging.getLogger("quell")
_SCHEMES = ("redis://", "rediss://", "unix://")
_NO_REDIS = 'QUELL_STORE names a Redis, and redis-py is not installed: pip install "django-quell[redis]".'
_NO_URL = (
    "QUELL_STORE is no URL of a Redis: write redis://:PASSWORD@HOST:PORT/NUMBER, where signs such as / and # in the "
    "password are percent-encoded."
)
_NO_APP = 'QUELL_STORE is "database": add "quell.store" to INSTALLED_APPS, and run manage.py migrate.'
# What the constructor of somebody else's store may end with; a wrong setting is to be a message, not a crash.
_FAILURES = (
    ArithmeticError, AttributeError, ImportError, ImproperlyConfigured, LookupError, OSError, RuntimeError, TypeError,
    ValueError,
)  # fmt: skip
_USER = re.compile(r"(?<=://)\S*@")
_lock = threading.Lock()
_folder: Folder | None = None


def open_store(name: str) -> Backend:
    """
    Return the backend that a value of ``QUELL_STORE`` names.

    Raises:
        UsageError: If it cannot be used here; the message says what to do.
    """
    if name == "database":
        if not _is_installed():
            raise UsageError(_NO_APP)
        from quell.store.database import DatabaseStore

        return DatabaseStore()
    if name.startswith(_SCHEMES):
        try:
            from quell.store.redis import RedisStore
        except ImportError as error:
            raise UsageError(_NO_REDIS) from error
        try:
            return RedisStore(name)
        except ValueError as error:
            # What it says may be a part of a password.
            raise UsageError(_refused_option(name, str(error)) or _NO_URL) from None
    made = _own_store(name)
    if not callable(getattr(made, "fold", None)):
        msg = f'QUELL_STORE is "{name}", which has no method fold(batch).'
        raise UsageError(msg)
    return made


def _refused_option(url: str, told: str) -> str:
    """Return what to say of an option that redis-py does not take, or nothing where it is something else."""
    query = url.partition("?")[2]
    # A sign @ behind the ? means that the ? is in the password.
    names = [] if "@" in query else parse_qs(query, keep_blank_values=True)
    refused = next((name for name in names if name in told), "")
    if not refused:
        return ""
    return f"QUELL_STORE has an option that redis-py does not take, or not with this value: {refused}."


def _own_store(name: str) -> Backend:
    """Return a store of a project's own; what its import or its constructor says is shown without passwords."""
    is_url = "://" in name
    try:
        kind = import_string(name)
    except (ImportError, TypeError, ValueError) as error:
        msg = (
            f'QUELL_STORE is "{name.partition("://")[0]}": write "database", an URL that begins with redis://, '
            "rediss:// or unix://, or the dotted path of a class with a method fold(batch)."
        )
        # What it says has the whole name in it.
        raise UsageError(msg if is_url else f"{msg} ({_told(error)})") from (None if is_url else error)
    if not callable(kind):
        msg = f'QUELL_STORE is "{name}", which is no class: write the dotted path of a class with a method fold(batch).'
        raise UsageError(msg)
    try:
        made: Backend = kind()
    except _FAILURES as error:
        msg = f'QUELL_STORE is "{name}", which cannot be made without arguments here: {_told(error)}'
        raise UsageError(msg) from error
    return made


def _told(error: Exception) -> str:
    return _USER.sub("***@", f"{type(error).__name__}: {' '.join(str(error).split())}")


def connect() -> None:
    """
    Fold what scopes find from now on, into the store that is set now; with none, nothing.

    Raises:
        UsageError: If the store cannot be used here.
    """
    global _folder  # noqa: PLW0603 -- one process, one store
    settings = get_settings()
    with _lock:
        old, _folder = _folder, None
        if settings.store:
            _folder = Folder(open_store(settings.store), seconds=settings.store_seconds)
            add_sink(store)
        else:
            remove_sink(store)
    if old is not None:
        old.stop()


def connect_or_log() -> None:
    """Fold into the store that is set now; one that cannot be used is one line in the log."""
    try:
        connect()
    except UsageError as error:
        # A system check reports it, too; the application runs without a store.
        logger.error("%s Findings are folded nowhere.", error)


def flush(timeout_seconds: float = 10.0) -> bool:
    """Fold now what this process has gathered, and wait for it; tell whether all of it has arrived."""
    folder = _folder
    return folder is None or folder.flush(timeout_seconds)


def dropped_count() -> int:
    """Return how many findings this process could neither fold nor keep."""
    folder = _folder
    return folder.dropped_count if folder is not None else 0


def store(report: Report) -> None:
    """Gather the findings of a scope; a sink."""
    folder, release = _folder, get_settings().release
    if folder is None:
        return
    for finding in report.findings:
        folder.add(
            facts_of(finding, report.label), count=finding.count, saved=finding.saved_queries, release=release
        )


def facts_of(finding: Finding, endpoint: str) -> Facts:
    """Return what is stored of a finding beside its numbers: no parameter, no statement, no host."""
    origin = finding.origin or finding.trigger
    return Facts(
        fingerprint=identity_of(finding),
        endpoint=endpoint,
        code=finding.code,
        kind=finding.kind,
        level=finding.level,
        model=finding.model,
        path=finding.path,
        origin=_where(origin),
        function=origin.function if origin is not None else "",
        anchor=_anchor(origin) if origin is not None else "",
        trigger=_where(finding.trigger),
        place=finding.place,
        suggestion=finding.suggestion,
        message=finding.message,
    )


@lru_cache(maxsize=4096)
def _anchor(spot: Location) -> str:
    return anchor_of(spot.file, spot.line, spot.function)


def _where(spot: Location | None) -> str:
    return f"{project_path(spot.file, base_dir())}:{spot.line}" if spot is not None else ""


def _is_installed() -> bool:
    from django.apps import apps

    return apps.is_installed("quell.store")
