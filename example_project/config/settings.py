"""Settings of the help desk; for development and demonstration only."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from config.database import DatabaseSettings, parse_database_url

BASE_DIR = Path(__file__).resolve().parent.parent

# For this example only: a real project reads its key from the environment.
SECRET_KEY = "example-only-never-use-this-key-in-a-real-project"
DEBUG = True
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", "testserver"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "quell",
    "quell.store",
    "organizations",
    "accounts",
    "tickets",
    "fieldwork",
    "knowledge",
    "communication",
    "automation",
    "analytics",
    "mobile",
    "security",
    "billing",
    "portal",
    "seeding",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES: dict[str, DatabaseSettings] = {
    "default": parse_database_url(os.environ.get("DATABASE_URL") or f"sqlite:///{BASE_DIR / 'db.sqlite3'}"),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_PAGINATION_CLASS": "config.pagination.NumberedPagination",
    "PAGE_SIZE": 250,
    "UNAUTHENTICATED_USER": None,
}

# The URLs that `manage.py quell profile` cannot guess: pages with arguments.
QUELL_SAMPLE_URLS = "config.sample_urls.sample_urls"

# The debug toolbar with the panel of quell, for a person in front of a browser: on in `runserver`, off in tests
# and benchmarks, and as HELPDESK_TOOLBAR says.
TOOLBAR = DEBUG and find_spec("debug_toolbar") is not None
TOOLBAR &= os.environ.get("HELPDESK_TOOLBAR", "1" if "runserver" in sys.argv else "0") == "1"
if TOOLBAR:
    INSTALLED_APPS += ["debug_toolbar"]
    MIDDLEWARE.insert(0, "debug_toolbar.middleware.DebugToolbarMiddleware")
    INTERNAL_IPS = ["127.0.0.1", "::1"]
    DEBUG_TOOLBAR_PANELS = [
        "debug_toolbar.panels.history.HistoryPanel",
        "debug_toolbar.panels.timer.TimerPanel",
        "debug_toolbar.panels.sql.SQLPanel",
        "quell.contrib.debug_toolbar.QuellPanel",
    ]
