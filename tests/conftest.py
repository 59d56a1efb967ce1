"""What all tests share."""

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import SyncToAsync
from django.contrib.contenttypes.management import create_contenttypes
from django.db import connections
from django.db.models.signals import post_migrate
from hypothesis import settings

from quell.lineage import shortcuts
from quell.lineage.callpath import Route, collect

# Tests of the example project need its own settings, so they run in a run of their own.
collect_ignore = [] if os.environ.get("DJANGO_SETTINGS_MODULE") == "config.settings" else ["example"]

# Cells run side by side, so the time that one example takes says nothing; CI repeats what it found.
settings.register_profile("quell", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("quell")


def _forget_content_types(**_kwargs: object) -> None:
    """Those that were read have no rows any more."""
    from django.contrib.contenttypes.models import ContentType

    ContentType.objects.clear_cache()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    """After a test that commits, empty the tables and write no permissions again: that was a third of all time."""
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    post_migrate.disconnect(create_contenttypes)
    post_migrate.connect(_forget_content_types)


@pytest.fixture(autouse=True)
def close_worker() -> Iterator[None]:
    """Close the connections of asgiref's own thread, which would keep a server from dropping the database."""
    yield
    executor = SyncToAsync.single_thread_executor
    if executor._threads:
        executor.submit(connections.close_all).result()


@pytest.fixture
def recalled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, object]]:
    """Put beside each path that is recalled the frames that are there."""
    found: list[tuple[object, object]] = []
    recall = shortcuts.Statement.recall

    def compare(self: Any, *args: Any) -> Any:
        result = recall(self, *args)
        if result is not None:
            found.append((result[0].route.same, Route(collect(sys._getframe(3))).same))
        return result

    # A frame more lies between the statement and the cursor.
    monkeypatch.setattr(shortcuts, "_DEPTH", shortcuts._DEPTH + 1)
    monkeypatch.setattr(shortcuts.Statement, "recall", compare)
    return found
