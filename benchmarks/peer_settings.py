"""Settings of a process that measures one tool: those of the benchmarks, and what the tool needs."""

from benchmarks.peer_tools import chosen
from benchmarks.settings import *  # noqa: F403
from benchmarks.settings import INSTALLED_APPS as _APPS

INSTALLED_APPS = [*_APPS, *chosen().apps]
globals().update(chosen().settings)
