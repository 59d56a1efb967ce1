"""Choose the database that an application is measured on."""

import os
from urllib.parse import unquote, urlsplit

VARIABLE = "REAL_APPS_DATABASE_URL"
ENGINES = {
    "mysql": "django.db.backends.mysql",
    "postgres": "django.db.backends.postgresql",
    "postgresql": "django.db.backends.postgresql",
    "sqlite": "django.db.backends.sqlite3",
}


def databases_from_environment() -> dict[str, dict[str, str]]:
    """Return DATABASES for the URL in the environment; without one SQLite in memory."""
    url = os.environ.get(VARIABLE)
    if not url:
        return {"default": {"ENGINE": ENGINES["sqlite"], "NAME": ":memory:"}}
    parts = urlsplit(url)
    if parts.scheme not in ENGINES:
        raise SystemExit(f"{VARIABLE}: unknown scheme {parts.scheme!r}, use one of {sorted(ENGINES)}")
    return {
        "default": {
            "ENGINE": ENGINES[parts.scheme],
            "NAME": unquote(parts.path.removeprefix("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
        }
    }
