"""What is printed for somebody who may be gone, and what checks say while pages are visited."""

import os
import subprocess
import sys

from django.conf import settings
from django.test import override_settings

from quell.management.console import PIPE_CLOSED
from quell.management.profiling.isolation import in_memory

CODE = """
import sys
from django.core.management.base import OutputWrapper
from quell.management.console import Console

options = {"force_color": False, "no_color": True}
Console(OutputWrapper(sys.stdout), OutputWrapper(sys.stderr), options).print("line\\n" * 100000)
"""


def test_closed_pipe_ends_quietly() -> None:
    """As any tool before ``head``."""
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-c", CODE], stdout=write, stderr=subprocess.PIPE, text=True, check=False
        )
    finally:
        os.close(write)

    assert (done.returncode, done.stderr) == (PIPE_CLOSED, "")


def test_middleware_that_is_left_out_is_not_missing() -> None:
    """A check of the toolbar is silenced where quell took its middleware out."""
    with override_settings(MIDDLEWARE=["debug_toolbar.middleware.DebugToolbarMiddleware"]), in_memory():
        assert settings.MIDDLEWARE == []
        assert "debug_toolbar.W001" in settings.SILENCED_SYSTEM_CHECKS
    with override_settings(MIDDLEWARE=[]), in_memory():
        assert "debug_toolbar.W001" not in settings.SILENCED_SYSTEM_CHECKS
