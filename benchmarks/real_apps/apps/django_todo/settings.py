"""Configure the smallest project that serves every page of django-todo."""

import tempfile

from database import databases_from_environment

DEBUG = False
SECRET_KEY = "only for measurements"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "apps.django_todo.urls"
DATABASES = databases_from_environment()
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = False
SITE_ID = 1
STATIC_URL = "/static/"
MEDIA_URL = "/media/"
MEDIA_ROOT = tempfile.mkdtemp(prefix="real-apps-")
LOGIN_URL = "admin:login"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

INSTALLED_APPS = [
    "dal",
    "dal_select2",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sites",
    "django.contrib.staticfiles",
    "todo",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "loaders": [
                # The application leaves the frame of its pages to the project.
                (
                    "django.template.loaders.locmem.Loader",
                    {"base.html": "{% block content %}{% endblock %}{% block extra_js %}{% endblock %}"},
                ),
                "django.template.loaders.app_directories.Loader",
            ],
        },
    }
]

# What its own tests expect of a project.
TODO_DEFAULT_LIST_SLUG = "tickets"
TODO_MAIL_USER_MAPPER = None
