"""What all tests of the help desk use."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import User
from problems import Problem
from seeding.world import ADMIN_EMAIL

_TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"')


@pytest.fixture(autouse=True)
def _fast_password_hasher(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def visit(client: Client) -> Callable[[Problem, str], tuple[bytes, list[str]]]:
    """Open a path of a problem; returns what it shows, without tokens, and the statements that it ran."""

    def open_page(problem: Problem, path: str) -> tuple[bytes, list[str]]:
        if problem.needs_user:
            client.force_login(User.objects.get(email=ADMIN_EMAIL))
        with CaptureQueriesContext(connection) as queries:
            response = client.get(path)
        assert response.status_code == 200
        return _TOKEN.sub(b"", response.content), [query["sql"] for query in queries]

    return open_page
