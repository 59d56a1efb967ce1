"""Settings of the soak: the tables of the benchmarks, a few pages, and the middleware."""

from benchmarks.settings import *  # noqa: F403
from benchmarks.settings import INSTALLED_APPS as _APPS

INSTALLED_APPS = [*_APPS, "quell"]
ROOT_URLCONF = "benchmarks.soak_pages"
ALLOWED_HOSTS = ["*"]
MIDDLEWARE = [
    # It says how long a response is, which the clients need.
    "django.middleware.common.CommonMiddleware",
    "benchmarks.soak_pages.CheckingMiddleware",
    "quell.middleware.QuellMiddleware",
]
# Every page logs its findings, and some fail on purpose; the log is not what is looked at.
LOGGING_CONFIG = None
