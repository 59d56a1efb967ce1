"""``QUELL_PLANS``: applied to the whole process, checked, and off again."""

import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test import override_settings

from quell.checks import check_recorded_plans
from quell.lineage import _patches_ondemand, _patches_plans
from quell.loading.recorded.files import EMPTY, write_plans
from quell.recording import record
from tests.ondemand.conftest import counted
from tests.recorded import work

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file of plans with one entry."""

    def write_file(place: str = "tests.recorded.work:titled", **record: Any) -> Path:
        file = tmp_path / "plans.json"
        entry = {"model": "library.Book", **record}
        file.write_text(json.dumps({"version": 1, "origins": {place: [entry]}}))
        return file

    return write_file


def _problems(file: Path | str) -> list[tuple[str, str]]:
    with override_settings(QUELL_PLANS=str(file)):
        return [(str(item.id), str(item.msg)) for item in check_recorded_plans()]


@pytest.mark.usefixtures("library")
def test_setting_applies_the_file_without_touching_the_code(tmp_path: Path) -> None:
    """What was recorded and written is applied to the querysets of the process, until the setting is gone."""
    file = tmp_path / "plans.json"
    with record() as recorder:
        expected = work.bylines()
    write_plans(file, EMPTY.merged(recorder.needs))
    with override_settings(QUELL_PLANS=file), counted() as few:
        found = work.bylines()
    with counted() as many:
        work.bylines()

    assert found == expected
    assert (len(few), len(many)) == (1, 7)


@pytest.mark.django_db(transaction=True)
def test_setting_is_for_all_threads(library: None, write: Write) -> None:
    """A thread that is started by anybody has the plans of the process."""

    def read() -> list[str]:
        try:
            return sorted(work.titled("Book 0")[0].get_deferred_fields())
        finally:
            connections.close_all()

    file = write(code="Book.objects.filter(title__contains=text)", plan={"only": ["title"]})
    with override_settings(QUELL_PLANS=file), ThreadPoolExecutor(4) as pool:
        found = {tuple(job.result()) for job in [pool.submit(read) for _ in range(8)]}

    assert found == {("author_id", "editor_id", "language_id", "publisher_id", "text")}


@pytest.mark.usefixtures("library")
def test_path_is_from_base_dir(write: Write, settings: Any) -> None:
    """A relative path is that of the project, wherever a command is started."""
    file = write(code="Book.objects.filter(title__contains=text)", plan={"only": ["title"]})
    settings.BASE_DIR = file.parent
    settings.QUELL_PLANS = file.name
    assert work.titled("Book 0")[0].get_deferred_fields()


def test_nothing_is_installed_without_the_setting() -> None:
    """Who has no file pays nothing: Django's own methods run."""
    from django.db.models import QuerySet

    assert "quell" not in QuerySet._fetch_all.__module__
    assert not hasattr(QuerySet.__init__, "__wrapped__")
    assert _patches_plans.installation.holders == 0


def test_setting_installs_and_removes_the_hooks(write: Write) -> None:
    """The hooks are on while there is a file, however often it changes, and off without one."""
    with override_settings(QUELL_PLANS=write(plan={"only": ["title"]})):
        assert _patches_plans.installation.holders == 1
        with override_settings(QUELL_PLANS=write(plan={"only": ["text"]})):
            assert _patches_plans.installation.holders == 1
        assert _patches_plans.installation.holders == 1
    assert _patches_plans.installation.holders == 0


def test_calls_hold_the_hooks_of_batching(write: Write) -> None:
    """Where rows batch their loads, the hooks of batching stay on as long as the file is there."""
    with override_settings(QUELL_PLANS=write(calls=["reviews.count()"])):
        assert _patches_ondemand.installation.holders == 1
        with override_settings(QUELL_PLANS=write(plan={"only": ["title"]})):
            assert _patches_ondemand.installation.holders == 0
    assert _patches_ondemand.installation.holders == 0


@pytest.mark.usefixtures("library")
def test_application_runs_with_a_broken_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A file that cannot be read is an error in the log, and no plan is applied."""
    with caplog.at_level(logging.ERROR, "quell"), override_settings(QUELL_PLANS=tmp_path / "gone.json"):
        assert work.bylines()

    [line] = [item.getMessage() for item in caplog.records]
    assert "does not exist" in line


@pytest.mark.usefixtures("library")
def test_plan_of_an_unknown_model_is_passed_over(write: Write) -> None:
    """A model that is gone takes its plan with it, and nothing else."""
    with override_settings(QUELL_PLANS=write(model="library.Boook", plan={"only": ["title"]})):
        assert work.bylines()


def test_check_is_silent_where_all_is_well(write: Write) -> None:
    """A right file, and no file, is no problem."""
    assert _problems(write(plan={"only": ["title", "author__name"]})) == []
    assert _problems("") == []


def test_check_names_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file is quell.E004."""
    [(code, text)] = _problems(tmp_path / "plans.json")
    assert code == "quell.E004"
    assert "does not exist" in text


@pytest.mark.parametrize(
    ("record", "close"),
    [
        ({"plan": {"paths": ["autor"]}}, 'did you mean "author"?'),
        ({"plan": {"only": ["titel"]}}, 'did you mean "title"?'),
        ({"plan": {"only": ["author__nam"]}}, 'did you mean "name"?'),
        ({"model": "library.Boook"}, 'did you mean "library.Book"?'),
        ({"model": "book"}, "there is no model book"),
    ],
)
def test_check_names_the_closest_match(record: dict[str, Any], close: str, write: Write) -> None:
    """A model, a path or a column that does not exist is quell.E005, with the one that was meant."""
    [(code, text)] = _problems(write(**record))
    assert code == "quell.E005"
    assert close in text
    assert "tests.recorded.work:titled" in text


@pytest.mark.usefixtures("library")
def test_kept_empty_entry_switches_an_origin_off(write: Write) -> None:
    """With ``"keep"`` and no plan, the queryset stays as the code has it."""
    with override_settings(QUELL_PLANS=write(code="Book.objects.filter(title__contains=text)", keep=True)):
        assert not work.titled("Book 0")[0].get_deferred_fields()
