"""Database URLs become settings, or clear errors."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.database import parse_database_url


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite:///db.sqlite3", "db.sqlite3"),
        ("sqlite:////var/lib/help%20desk.db", "/var/lib/help desk.db"),
        ("sqlite://:memory:", ":memory:"),
    ],
)
def test_parse_database_url_reads_sqlite_paths(url: str, name: str) -> None:
    """Three slashes make a relative path, four an absolute one."""
    assert parse_database_url(url) == {"ENGINE": "django.db.backends.sqlite3", "NAME": name}


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_parse_database_url_reads_servers(scheme: str) -> None:
    """User, password, host, port and name end up in their places, decoded."""
    assert parse_database_url(f"{scheme}://desk:p%40ss%2Fword@db.example:5433/help%2Ddesk") == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "help-desk",
        "USER": "desk",
        "PASSWORD": "p@ss/word",
        "HOST": "db.example",
        "PORT": "5433",
    }


def test_parse_database_url_needs_no_user_and_no_port() -> None:
    """What is left out is left to the driver."""
    settings = parse_database_url("postgres:///helpdesk")
    assert (settings["NAME"], settings["USER"], settings["HOST"], settings["PORT"]) == (
        "helpdesk",
        "",
        "",
        "",
    )


@pytest.mark.parametrize("scheme", ["mysql", "mariadb"])
def test_parse_database_url_asks_mysql_for_all_of_unicode(scheme: str) -> None:
    """MySQL gets its character set, and a driver that imports."""
    pytest.importorskip("pymysql")
    settings = parse_database_url(f"{scheme}://root@127.0.0.1/helpdesk")
    assert settings["ENGINE"] == "django.db.backends.mysql"
    assert settings["OPTIONS"] == {"charset": "utf8mb4"}
    pytest.importorskip("MySQLdb", exc_type=ImportError)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "starts with ''"),
        ("oracle://user@host/name", "'oracle', which is no known database"),
        ("helpdesk.sqlite3", "no known database"),
        ("postgres://user@host:port/name", "not a valid URL"),
        ("postgres://user@host", "names no database"),
        ("postgres://user@host/", "postgres://user:password@host:port/name"),
        ("sqlite://db.sqlite3", "names no database"),
        ("sqlite://folder/db.sqlite3", "'folder' where SQLite has no host"),
    ],
)
def test_parse_database_url_says_what_is_wrong(url: str, message: str) -> None:
    """A URL that cannot be used is an error that names the part."""
    with pytest.raises(ImproperlyConfigured, match=message):
        parse_database_url(url)


def test_parse_database_url_never_shows_the_password() -> None:
    """Errors do not repeat the URL."""
    with pytest.raises(ImproperlyConfigured) as caught:
        parse_database_url("postgres://user:secret@host")
    assert "secret" not in str(caught.value)
