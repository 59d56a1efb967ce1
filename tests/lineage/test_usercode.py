"""Which code is the user's."""

import json

import django
import rest_framework
from django.test import override_settings

from quell.lineage.usercode import is_user_file


def test_project_is_user_code() -> None:
    """A module of the project is user code."""
    assert is_user_file(__file__)


def test_libraries_are_no_user_code() -> None:
    """The standard library, Django and what runs other people's querysets are not."""
    assert not any(is_user_file(str(module.__file__)) for module in (json, django, rest_framework))


def test_application_in_site_packages_is_user_code() -> None:
    """Where an application is installed does not matter."""
    assert is_user_file("/srv/venv/lib/python3.13/site-packages/helpdesk/models.py")


def test_setting_adds_libraries() -> None:
    """QUELL_LIBRARIES takes effect at once, and ends with the override."""
    assert is_user_file(__file__)
    with override_settings(QUELL_LIBRARIES=("tests",)):
        assert not is_user_file(__file__)
    assert is_user_file(__file__)
