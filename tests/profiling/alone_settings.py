"""Settings of a project in a process of its own; ``DOWN`` names the alias that does not answer."""

import os
from pathlib import Path

from tests.settings import *  # noqa: F403

DEBUG = True
ROOT_URLCONF = "tests.profiled.alone_urls"
LOGGING_CONFIG = None
_FOLDER = Path(os.environ["PROFILED_FOLDER"])
DATABASES = {
    alias: {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": _FOLDER / ("nowhere" if alias == os.environ.get("DOWN") else "") / f"{alias}.sqlite3",
    }
    for alias in ("default", "other")
}
QUELL_ON_ERROR = "log"
