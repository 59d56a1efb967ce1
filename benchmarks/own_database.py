"""A database of its own for a benchmark, and the arguments that all of them have."""

import argparse
import platform
from collections.abc import Iterator
from contextlib import contextmanager

from tests.database_settings import databases


def arguments(module: str, description: str | None, *, rounds: int = 5) -> argparse.ArgumentParser:
    """Return a parser of ``--database`` and ``--rounds``."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{module}", description=description)
    parser.add_argument("--database", choices=("sqlite", "postgres", "mariadb"), default="sqlite")
    parser.add_argument("--rounds", type=int, default=rounds, help=f"runs of each way (default: {rounds})")
    return parser


def _configure(database: str) -> None:
    import django
    from django.conf import settings

    settings.configure(
        DATABASES={"default": databases(database)["default"]},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        INSTALLED_APPS=["benchmarks"],
        MIGRATION_MODULES={"benchmarks": None},
    )
    django.setup()


@contextmanager
def own_database(database: str) -> Iterator[str]:
    """Set Django up, make the tables for the time of a block, and give what everything runs on, for the heading."""
    _configure(database)
    import django
    from django.db import connection

    # The tables come straight from the models, and applications are not needed.
    connection.creation.create_test_db(verbosity=0)
    try:
        version = ".".join(map(str, connection.get_database_version()))
        yield f"{connection.vendor} {version}, Python {platform.python_version()}, Django {django.get_version()}"
    finally:
        connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)
