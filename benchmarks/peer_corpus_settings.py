"""Settings of a process that runs the labelled scenarios under one tool: those of the tests, and the tool's."""

from benchmarks.peer_tools import chosen
from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS as _APPS

INSTALLED_APPS = [*(app for app in _APPS if app != "quell"), *chosen().apps]
globals().update(chosen().settings)
