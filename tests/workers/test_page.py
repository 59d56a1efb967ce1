"""Each block of ``docs/workers.md`` does what the page says."""

import multiprocessing.pool
from collections.abc import Callable
from io import StringIO
from typing import Any

import django
import pytest
from asgiref.testing import ApplicationCommunicator
from channels.generic.websocket import AsyncWebsocketConsumer
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connections

import quell
from quell.contrib.celery import unwatch_tasks
from tests.guides.desk import ROOT, blocks_of
from tests.library.models import Author
from tests.workers import jobs

PAGE = ROOT / "docs" / "workers.md"
BLOCKS = blocks_of(PAGE, "python")
pytestmark = pytest.mark.usefixtures("rows")

Told = list[tuple[str, list[str]]]


def _run(word: str, **given: Any) -> dict[str, Any]:
    """Run the block with a word in it; what it leaves to the reader loads countries one by one."""
    (block,) = [each for each in BLOCKS if word in each]
    names = {"__name__": "page", "quell": quell, "load": jobs.plain, **given}
    exec(compile(block.replace(": ...", ": return load()"), str(PAGE), "exec"), names)
    return names


def test_celery_is_watched(told: Told) -> None:
    """The line behind the application makes each task a scope."""
    from celery import Celery

    made = _run("watch_tasks()", Celery=Celery)
    try:
        task = made["app"].task(name="shop.rebuild")(jobs.plain)
        task.apply()
    finally:
        unwatch_tasks()

    assert told == [("shop.rebuild", ["Q101"])]


class _Queue:
    """Runs what it gets."""

    def enqueue(self, work: Callable[[], object]) -> None:
        work()


def test_job_of_rq_is_a_scope(told: Told) -> None:
    """The decorated function can be put into a queue, and is reported."""
    _run("queue.enqueue", queue=_Queue())

    assert told == [("remind", ["Q101"])]


async def test_message_of_channels_is_a_scope(told: Told) -> None:
    """The decorated method of the consumer is one per message."""
    from asgiref.sync import sync_to_async

    (block,) = [each for each in BLOCKS if "AsyncWebsocketConsumer" in each]
    answer = "\n        await self.send(text_data=str(await load()))"
    names: dict[str, Any] = {
        "__name__": "page",
        "quell": quell,
        "AsyncWebsocketConsumer": AsyncWebsocketConsumer,
        "load": sync_to_async(jobs.plain),
    }
    exec(block.replace(" ...", answer), names)
    talk = ApplicationCommunicator(names["Authors"].as_asgi(), {"type": "websocket", "path": "/"})
    await talk.send_input({"type": "websocket.connect"})
    assert (await talk.receive_output(timeout=10))["type"] == "websocket.accept"
    for _ in range(2):
        await talk.send_input({"type": "websocket.receive", "text": "authors?"})
        assert (await talk.receive_output(timeout=10))["text"] == "3"
    await talk.send_input({"type": "websocket.disconnect", "code": 1000})
    await talk.wait(timeout=10)

    assert told == [("Authors.receive", ["Q101"])] * 2


@pytest.mark.skipif(django.VERSION < (6, 0), reason="Django has no tasks before 6.0")
def test_task_of_django_is_a_scope(told: Told) -> None:
    """Under both decorators a task runs, and is reported."""
    from django.tasks import task

    assert _run("@task", task=task)["remind"].enqueue().return_value == 3
    assert told == [("remind", ["Q101"])]


def test_command_is_a_scope(told: Told) -> None:
    """The decorated method is reported under the label."""
    made = _run("BaseCommand", BaseCommand=BaseCommand, load=lambda: str(jobs.plain()))
    printed = StringIO()
    call_command(made["Command"](), stdout=printed)

    assert printed.getvalue().strip() == "3"
    assert told == [("report", ["Q101"])]


def test_pool_takes_its_work_wrapped() -> None:
    """What the threads of another pool load is seen."""

    def load(row: int) -> int:
        try:
            return Author.objects.get(pk=row).pk
        finally:
            connections.close_all()

    rows = list(Author.objects.values_list("pk", flat=True))
    made = _run("wrap_thread", multiprocessing=multiprocessing, load=load, rows=rows)

    assert len(made["watch"].queries) == 3


def test_every_block_is_run() -> None:
    """The worker of RQ is in ``test_one_line.py``, where a Redis is."""
    assert len(BLOCKS) == 7
