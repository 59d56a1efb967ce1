"""``quell.contrib.celery``: a scope for each task, however it is run."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

import quell
from quell.contrib.celery import unwatch_tasks, watch_tasks
from quell.lineage.hooks import active
from tests.library.models import Author
from tests.workers import celery_tasks

ROOT = Path(__file__).resolve().parent.parent.parent
Told = list[tuple[str, list[str]]]


@pytest.fixture
def watched(rows: None) -> Iterator[None]:
    """Tasks are watched in this test."""
    watch_tasks()
    watch_tasks()
    yield
    unwatch_tasks()
    assert active.get(None) is None
    assert connection.execute_wrappers == []


@pytest.mark.usefixtures("watched")
def test_eager_task_is_a_scope(told: Told) -> None:
    """A task that is run at once is reported under its name, and once, although watch_tasks() was called twice."""
    assert celery_tasks.slow.delay().get() == ["Country 0", "Country 1", "Country 2"]

    assert told == [("library.slow", ["Q101"])]


@pytest.mark.usefixtures("watched")
def test_failing_task_ends_its_scope(told: Told) -> None:
    """What a task found until it failed is reported, and nothing stays open."""
    assert isinstance(celery_tasks.failing.apply().result, ValueError)

    assert told == [("library.failing", ["Q101"])]


@pytest.mark.usefixtures("watched")
def test_task_inside_a_task_belongs_to_it(told: Told) -> None:
    """The outermost scope reports, and the inner one is closed before it."""
    celery_tasks.outer.apply()

    assert told == [("library.outer", ["Q101"])]


@pytest.mark.usefixtures("watched")
def test_retries_close_all_scopes(told: Told) -> None:
    """Eager retries run inside each other under one identity, and every scope ends."""
    assert celery_tasks.again.apply().get() == "done"

    assert {label for label, _ in told} == {"library.again"}


@pytest.mark.usefixtures("watched")
def test_tasks_that_a_loop_starts_are_no_loop_of_queries() -> None:
    """Each eager task is apart, as it will be in a worker: the line that starts them is not to blame."""
    with quell.watch() as watch:
        for pk in Author.objects.values_list("pk", flat=True):
            celery_tasks.one.delay(pk)

    assert len(watch.queries) == 4
    assert watch.findings == ()


@pytest.mark.usefixtures("rows")
def test_tasks_are_left_alone_again(told: Told) -> None:
    """Nothing is watched before, and nothing behind."""
    watch_tasks()
    unwatch_tasks()
    celery_tasks.slow.delay()

    assert told == []


@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_worker_reports_each_run(pool: str, tmp_path: Path) -> None:
    """A real worker, of processes or of threads, reports and folds each run, also that of a task that fails."""
    for name in ("queue", "results", "control"):
        (tmp_path / name).mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
        "DJANGO_SETTINGS_MODULE": "tests.workers.settings",
        "WORKER_FOLDER": str(tmp_path),
        "WORKER_POOL": pool,
        "C_FORCE_ROOT": "1",
    }
    prepare = [sys.executable, "-m", "tests.workers.prepare"]
    subprocess.run(prepare, cwd=ROOT, env=environment, check=True, timeout=120)
    command = [sys.executable, "-W", "ignore", "-m", "tests.workers.celery_tasks"]
    log = tmp_path / "log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        ) as worker,
    ):
        try:
            ask = [sys.executable, "-W", "ignore", "-m", "tests.workers.ask"]
            done = subprocess.run(
                ask, cwd=ROOT, env=environment, check=False, timeout=180, capture_output=True, text=True
            )
        finally:
            worker.terminate()
    assert done.returncode == 0, done.stderr + log.read_text()

    told = _lines(tmp_path, "told-*")
    assert sorted(told) == [["library.failing", ["Q101"]], *[["library.slow", ["Q101"]]] * 4]
    folded = _lines(tmp_path, "folded-*")
    assert sum(requests for _, requests in folded) == 5
    assert {endpoint for endpoint, _ in folded} == {"library.failing", "library.slow"}


def _lines(folder: Path, pattern: str) -> list[Any]:
    return [json.loads(line) for file in folder.glob(pattern) for line in file.read_text().splitlines()]
