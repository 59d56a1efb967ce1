"""RQ, Channels, management commands and foreign pools: one line makes a scope."""

from collections.abc import Iterator
from io import StringIO
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any

import django
import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connections
from django.test import override_settings

import quell
from tests.guides.desk import ROOT, blocks_of
from tests.store.conftest import running
from tests.workers import jobs

pytestmark = pytest.mark.usefixtures("rows")

Told = list[tuple[str, list[str]]]


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A connection to a Redis of its own."""
    from redis import Redis

    with running(tmp_path_factory.mktemp("redis")) as server, Redis(port=server.port) as client:
        yield client


def test_rq_worker_reports_each_job(redis: Any, told: Told, caplog: pytest.LogCaptureFixture) -> None:
    """A worker of RQ finds the decorated function by its name; a job that fails is reported as well."""
    from rq import Queue, SimpleWorker

    queue = Queue(connection=redis)
    done, failed = queue.enqueue(jobs.remind), queue.enqueue(jobs.failing)
    SimpleWorker([queue], connection=redis).work(burst=True, with_scheduler=False, logging_level="CRITICAL")

    assert (done.return_value(), failed.get_status()) == (3, "failed")
    assert told == [("remind", ["Q101"]), ("failing", ["Q101"])]


def test_rq_worker_that_forks_folds_each_job(
    redis: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process of a job ends by os._exit(); the worker of the documentation lets it fold before."""
    from rq import Queue

    (block,) = [each for each in blocks_of(ROOT / "docs" / "workers.md", "python") if "FoldingWorker" in each]
    made: dict[str, Any] = {"__name__": "page"}
    exec(block, made)
    monkeypatch.setenv("WORKER_FOLDER", str(tmp_path))
    queue = Queue(connection=redis)
    jobs_done = [queue.enqueue(jobs.remind) for _ in range(2)]
    connections.close_all()
    with override_settings(QUELL_STORE="tests.workers.filestore.FileStore", QUELL_STORE_SECONDS=3600):
        made["FoldingWorker"]([queue], connection=redis).work(burst=True, logging_level="CRITICAL")

    assert [job.return_value() for job in jobs_done] == [3, 3]
    lines = [line for file in tmp_path.glob("folded-*") for line in file.read_text().splitlines()]
    assert lines == ['["remind", 1]'] * 2


async def test_consumers_of_channels_report_each_message(told: Told) -> None:
    """Both kinds of consumers are scopes for each message, under the name of the method."""
    for consumer in (jobs.SyncAuthors, jobs.AsyncAuthors):
        talk = ApplicationCommunicator(consumer.as_asgi(), {"type": "websocket", "path": "/authors/"})
        await talk.send_input({"type": "websocket.connect"})
        assert (await talk.receive_output(timeout=10))["type"] == "websocket.accept"
        for _ in range(2):
            await talk.send_input({"type": "websocket.receive", "text": "authors?"})
            assert (await talk.receive_output(timeout=10))["text"] == "3"
        await talk.send_input({"type": "websocket.disconnect", "code": 1000})
        await talk.wait(timeout=10)

    assert told == [("SyncAuthors.receive", ["Q101"])] * 2 + [("AsyncAuthors.receive", ["Q101"])] * 2


class Report(BaseCommand):
    """A command whose work is watched."""

    @quell.watch(label="report")
    def handle(self, **options: Any) -> str:
        """Load the countries one by one."""
        return str(jobs.plain())


@pytest.mark.skipif(django.VERSION < (6, 0), reason="Django has no tasks before 6.0")
def test_task_of_django_reports(told: Told) -> None:
    """A task that a backend runs at once is a scope of its own."""
    from django.tasks import task

    result = task(jobs.remind).enqueue()

    assert result.return_value == 3
    assert told == [("remind", ["Q101"])]


def test_management_command_reports(told: Told) -> None:
    """A command that is decorated reports when it ends, and prints what it did before."""
    output = StringIO()
    call_command(Report(), stdout=output)

    assert output.getvalue().strip() == "3"
    assert told == [("report", ["Q101"])]


def _work() -> int:
    try:
        return jobs.plain()
    finally:
        connections.close_all()


def test_pool_that_quell_does_not_know_takes_wrapped_functions() -> None:
    """A pool that runs before the watch takes its work wrapped, and else is not seen."""
    with ThreadPool(1) as pool, quell.watch() as watch:
        pool.apply(_work)
        unwrapped = len(watch.queries)
        pool.apply(quell.wrap_thread(_work))

    assert (unwrapped, len(watch.queries)) == (0, 4)
    assert [finding.code for finding in watch.findings] == ["Q101"]
