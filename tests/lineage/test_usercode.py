"""Which code is the user's."""

import json
import sys
from dataclasses import dataclass
from types import ModuleType

import django
import pytest
import rest_framework
from django.test import override_settings

import quell
from quell.lineage.usercode import is_user_code, is_user_file, known_files
from tests.library.models import Book


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


CODE = """
for book in Book.objects.order_by("pk"):
    str(book.author)
"""


@pytest.mark.usefixtures("books")
def test_code_of_exec_is_the_place() -> None:
    """``manage.py shell -c`` runs its text so, and so what is piped into it."""
    with quell.watch() as watch:
        exec(CODE, {"Book": Book})

    (finding,) = watch.findings
    assert str(finding.origin) == "<string>:2"
    assert str(finding.trigger) == "<string>:3"
    assert finding.suggestion == '.select_related("author")'


def test_generated_methods_are_no_user_code() -> None:
    """Dataclasses make theirs of text as well."""

    @dataclass
    class Row:
        name: str

    assert not is_user_code(Row.__init__.__code__)


def test_manage_py_is_no_user_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the process was started by is not to be changed; a module of that name elsewhere is."""
    main = ModuleType("__main__")
    main.__file__ = "/srv/site/manage.py"
    monkeypatch.setitem(sys.modules, "__main__", main)

    assert not is_user_file("/srv/site/manage.py")
    assert is_user_file("/srv/site/shop/manage.py")
    for name in ("/srv/site/manage.py", "/srv/site/shop/manage.py"):
        known_files.pop(name)
