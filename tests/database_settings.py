"""``DATABASES`` for each database the tests run on."""

import importlib
import os
import sys
import tempfile
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

import django

_ALIASES = ("default", "other")


def databases(kind: str) -> dict[str, dict[str, object]]:
    """
    Return ``DATABASES`` with the aliases ``default`` and ``other``.

    Args:
        kind: ``sqlite``, ``postgres`` or ``mariadb``.

    Raises:
        ValueError: If the kind is another one.
    """
    builders = {"sqlite": _sqlite, "postgres": _postgres, "mariadb": _mariadb}
    if kind not in builders:
        msg = f"QUELL_TEST_DATABASE is {kind!r}; it has to be one of {', '.join(builders)}"
        raise ValueError(msg)
    return {alias: builders[kind](_unique_name(alias)) for alias in _ALIASES}


def _unique_name(alias: str) -> str:
    """Name a database so that no two runs on one server share it, whatever checkout they come from."""
    python, dj = (f"{major}{minor}" for major, minor in (sys.version_info[:2], django.VERSION[:2]))
    return f"quell_{alias}_py{python}_django{dj}_{os.getpid()}"


def _sqlite(name: str) -> dict[str, object]:
    # A file, as an in-memory database is not shared with other threads in every way that tests need.
    file = Path(tempfile.gettempdir()) / f"{name}.sqlite3"
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(file),
        "OPTIONS": {"timeout": 20, "init_command": "PRAGMA synchronous=OFF"},
        "TEST": {"NAME": str(file)},
    }


def _postgres(name: str) -> dict[str, object]:
    url = urlsplit(os.environ.get("QUELL_TEST_POSTGRES_URL") or "postgres://postgres@localhost:5432/")
    return {"ENGINE": "django.db.backends.postgresql", **_server(url, name, default_port=5432)}


def _mariadb(name: str) -> dict[str, object]:
    _install_driver()
    url = urlsplit(os.environ.get("QUELL_TEST_MARIADB_URL") or "mysql://root@127.0.0.1:3306/")
    return {
        "ENGINE": "django.db.backends.mysql",
        **_server(url, name, default_port=3306),
        "OPTIONS": {"charset": "utf8mb4"},
        "TEST": {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_bin"},
    }


def _server(url: SplitResult, name: str, *, default_port: int) -> dict[str, object]:
    return {
        "NAME": name,
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": url.hostname or "localhost",
        "PORT": str(url.port or default_port),
    }


def _install_driver() -> None:
    """Let PyMySQL stand in where mysqlclient cannot be built; it reports a version that Django accepts."""
    try:
        importlib.import_module("MySQLdb")
    except ImportError:
        importlib.import_module("pymysql").install_as_MySQLdb()
