"""The help desk as a site runs it; ``QUELL_BENCHMARK_RATE`` is the part that is watched, empty for none of quell."""

import os
from importlib import import_module

# The help desk is checked with settings of its own, so no name of it is known here.
_desk = vars(import_module("config.settings"))
globals().update({name: value for name, value in _desk.items() if name.isupper()})

DEBUG = False
ALLOWED_HOSTS = ["*"]
LOGGING_CONFIG = None

_rate = os.environ.get("QUELL_BENCHMARK_RATE", "")
if _rate:
    MIDDLEWARE = ["quell.middleware.QuellMiddleware", *_desk["MIDDLEWARE"]]
    QUELL_SAMPLE_RATE = float(_rate)
    QUELL_MAX_EVENTS = 5_000
    QUELL_STORE = os.environ.get("QUELL_BENCHMARK_STORE", "")
    QUELL_RELEASE = "benchmark"
