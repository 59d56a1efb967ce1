"""Settings of the benchmarks; the database is a file that the run makes and throws away."""

import os

SECRET_KEY = "only for benchmarks"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("QUELL_BENCHMARK_DATABASE", ":memory:"),
    }
}
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "rest_framework", "benchmarks"]
MIGRATION_MODULES = {"contenttypes": None, "auth": None}
QUELL_ON_ERROR = "raise"
