"""The settings of the tests for a worker of its own, with a database that its processes share."""

import os

from tests.settings import *  # noqa: F403

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.path.join(os.environ["WORKER_FOLDER"], "db.sqlite3"),
    }
}
