"""What a run comes to where no other process can look, and where a change does not hold."""

import io

import pytest
from django.core.management import call_command
from django.db import connections
from django.test import override_settings

from quell.management.fixing.running import project_roots
from quell.management.fixing.verifying import obstacle
from tests.profiled.rows import populate

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


def _fix(*arguments: str) -> tuple[str, int]:
    out, code = io.StringIO(), 0
    try:
        call_command("quell", "fix", *arguments, stdout=out, stderr=io.StringIO())
    except SystemExit as end:
        code = int(end.code or 0)
    return out.getvalue(), code


@override_settings(DEBUG=True, ROOT_URLCONF="tests.profiled.urls")
def test_fix_says_that_nothing_was_run_as_it_is_written() -> None:
    """With a database that another process does not have, the rerun with the plan is the proof."""
    populate()
    text, code = _fix("/tickets/")

    assert 'Ticket.objects.order_by("pk").select_related("customer")' in text
    note = "not run as it is written: the settings name another database than this process uses"
    assert f"  proof  /tickets/: by a rerun; {note}" in text
    assert code == 1


@override_settings(DEBUG=True, ROOT_URLCONF="tests.profiled.urls")
def test_fix_of_a_clean_page_is_done() -> None:
    """Where nothing is found nothing is left, and the exit status is 0."""
    populate()
    assert _fix("/good/") == ("nothing to change\n", 0)


def test_obstacle_names_a_database_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite in memory belongs to one process."""
    monkeypatch.setattr(connections["default"], "is_in_memory_db", lambda: True, raising=False)
    assert obstacle() == "the database is in the memory of this process"


def test_roots_are_the_base_directory_and_the_folder_of_manage_py(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that happens to be the working directory is no project."""
    base, here = tmp_path_factory.mktemp("base"), tmp_path_factory.mktemp("here")
    monkeypatch.chdir(here)
    with override_settings(BASE_DIR=base):
        assert project_roots() == (base,)
        (here / "manage.py").touch()
        assert project_roots() == (base, here)
    with override_settings(BASE_DIR=None):
        assert project_roots() == (here,)
