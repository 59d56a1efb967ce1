"""The test project itself: what would otherwise make a green run worthless."""

import os

import pytest
from django.db import connections

_VENDORS = {"sqlite": ("sqlite", False), "postgres": ("postgresql", False), "mariadb": ("mysql", True)}


@pytest.mark.databases
@pytest.mark.django_db(databases=["default", "other"])
@pytest.mark.parametrize("alias", ["default", "other"])
def test_settings_pick_the_requested_database(alias: str) -> None:
    """Each alias is a database of the kind that the environment variable names."""
    connection = connections[alias]
    vendor, is_mariadb = _VENDORS[os.environ.get("QUELL_TEST_DATABASE", "sqlite")]

    connection.ensure_connection()

    assert connection.vendor == vendor
    assert getattr(connection, "mysql_is_mariadb", False) is is_mariadb
