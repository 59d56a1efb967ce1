"""What all tests share."""

import os
from collections.abc import Iterator

import pytest
from asgiref.sync import SyncToAsync
from django.db import connections
from hypothesis import settings

# Tests of the example project need its own settings, so they run in a run of their own.
collect_ignore = [] if os.environ.get("DJANGO_SETTINGS_MODULE") == "config.settings" else ["example"]

# Cells run side by side, so the time that one example takes says nothing; CI repeats what it found.
settings.register_profile("quell", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("quell")


@pytest.fixture(autouse=True)
def close_worker() -> Iterator[None]:
    """Close the connections of asgiref's own thread, which would keep a server from dropping the database."""
    yield
    executor = SyncToAsync.single_thread_executor
    if executor._threads:
        executor.submit(connections.close_all).result()
