"""Turn a database URL into Django's settings for one connection."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TypedDict
from urllib.parse import SplitResult, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_ENGINES = {
    "sqlite": "django.db.backends.sqlite3",
    "postgres": "django.db.backends.postgresql",
    "postgresql": "django.db.backends.postgresql",
    "mysql": "django.db.backends.mysql",
    "mariadb": "django.db.backends.mysql",
}
# Django refuses mysqlclient before 2.2.1, and a PyMySQL that stands in for it may report an older version.
_MYSQLCLIENT_VERSION = (2, 2, 7, "final", 0)


class DatabaseSettings(TypedDict, total=False):
    """One entry of the setting DATABASES."""

    ENGINE: str
    NAME: str
    USER: str
    PASSWORD: str
    HOST: str
    PORT: str
    OPTIONS: dict[str, str]


def parse_database_url(url: str) -> DatabaseSettings:
    """
    Parse a URL such as ``postgres://user:password@host:5432/name``.

    Args:
        url: ``sqlite:///relative``, ``sqlite:////absolute``, ``sqlite://:memory:``, or
            ``postgres|mysql://user:password@host:port/name``; user, password and name may be percent-encoded.

    Raises:
        ImproperlyConfigured: If the scheme is unknown, the port is no number, or the name is missing.
    """
    if url == "sqlite://:memory:":
        return {"ENGINE": _ENGINES["sqlite"], "NAME": ":memory:"}
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ImproperlyConfigured(f"DATABASE_URL is not a valid URL: {error}.") from error
    engine = _ENGINES.get(parts.scheme)
    if engine is None:
        known = ", ".join(sorted(_ENGINES))
        raise ImproperlyConfigured(
            f"DATABASE_URL starts with {parts.scheme!r}, which is no known database; use one of {known}."
        )
    name = unquote(parts.path[1:])
    if not name:
        raise ImproperlyConfigured(f"DATABASE_URL names no database; write {_example(parts.scheme)}.")
    if parts.scheme == "sqlite":
        return _sqlite(parts, engine, name)
    settings: DatabaseSettings = {
        "ENGINE": engine,
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(port or ""),
    }
    if parts.scheme in {"mysql", "mariadb"}:
        settings["OPTIONS"] = {"charset": "utf8mb4"}
        _install_mysql_driver()
    return settings


def _sqlite(parts: SplitResult, engine: str, name: str) -> DatabaseSettings:
    if parts.netloc:
        raise ImproperlyConfigured(
            f"DATABASE_URL puts {parts.netloc!r} where SQLite has no host; write {_example('sqlite')}."
        )
    return {"ENGINE": engine, "NAME": name}


def _example(scheme: str) -> str:
    if scheme == "sqlite":
        return "sqlite:///path or sqlite:////absolute/path"
    return f"{scheme}://user:password@host:port/name"


def _install_mysql_driver() -> None:
    if find_spec("MySQLdb") is not None:
        return
    try:
        import pymysql
    except ImportError as error:
        raise ImproperlyConfigured("DATABASE_URL asks for MySQL; install mysqlclient or PyMySQL.") from error
    pymysql.version_info = max(pymysql.version_info, _MYSQLCLIENT_VERSION)
    pymysql.install_as_MySQLdb()
