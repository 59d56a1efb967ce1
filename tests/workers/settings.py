"""The settings of the tests for a worker of its own, with a database that its processes share."""

import os

from tests.settings import *  # noqa: F403

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.path.join(os.environ["WORKER_FOLDER"], "db.sqlite3"),
    }
}
# Nothing is folded before the process that found it ends.
QUELL_STORE = "tests.workers.filestore.FileStore"
QUELL_STORE_SECONDS = 3600
