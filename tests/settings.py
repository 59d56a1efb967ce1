"""Settings of the tests; ``QUELL_TEST_DATABASE`` picks ``sqlite`` (default), ``postgres`` or ``mariadb``."""

import os

from tests.database_settings import databases

SECRET_KEY = "only for tests"
DEBUG = False
ALLOWED_HOSTS = ["*"]
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "tests.urls"
STATIC_URL = "/static/"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# An error inside quell fails the test that caused it.
QUELL_ON_ERROR = "raise"
# Each test sees each finding, whatever tests before it have seen and spent.
QUELL_BUDGET_SHARE = 1
QUELL_LOG_SECONDS = 0

DATABASES = databases(os.environ.get("QUELL_TEST_DATABASE", "sqlite"))

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin",
    "rest_framework",
    "quell",
    "quell.store",
    "tests.testapp",
    "tests.library",
    "tests.planapp",
    "tests.profiled",
    "tests.press",
    "tests.serviceapp",
]
# Tables straight from the models: migrations of Django's own apps are not what is tested here.
MIGRATION_MODULES = {"contenttypes": None, "auth": None, "sessions": None, "admin": None}

MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
