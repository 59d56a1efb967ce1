"""An application of Celery; as a program of its own it serves a worker of real processes."""

import json
import os
from typing import Any

from celery import Celery

application = Celery("library", broker="memory://", backend="cache+memory://")
application.conf.task_always_eager = True
application.conf.broker_connection_retry_on_startup = True


def _loop() -> list[str]:
    from tests.library.models import Author

    return [author.country.name for author in Author.objects.order_by("pk")]


@application.task(name="library.slow")
def slow() -> list[str]:
    """Load the countries one by one."""
    return _loop()


@application.task(name="library.one")
def one(pk: int) -> str:
    """Load one author."""
    from tests.library.models import Author

    return Author.objects.get(pk=pk).name


@application.task(name="library.failing")
def failing() -> None:
    """Fail after some work."""
    _loop()
    raise ValueError("on purpose")


@application.task(name="library.again", bind=True, max_retries=2)
def again(self: Any) -> str:
    """Work, and ask for another try twice."""
    _loop()
    if self.request.retries < 2:
        raise self.retry(countdown=0)
    return "done"


@application.task(name="library.outer")
def outer() -> None:
    """Run another task inside of this one."""
    slow.apply().get(disable_sync_subtasks=False)


def serve() -> None:
    """Be a worker over a folder, and write what is found to a file there."""
    import django

    django.setup()
    from quell.contrib.celery import watch_tasks
    from quell.signals import findings_reported

    folder = os.environ["WORKER_FOLDER"]

    def receive(*, label: str, findings: Any, **_: object) -> None:
        with open(f"{folder}/told-{os.getpid()}", "a") as file:
            file.write(json.dumps([label, [finding.code for finding in findings]]) + "\n")

    findings_reported.connect(receive, weak=False)
    use_folder(folder)
    watch_tasks()
    pool = os.environ["WORKER_POOL"]
    options = [
        f"--pool={pool}",
        "--concurrency=2",
        "--loglevel=ERROR",
        "--without-gossip",
        "--without-mingle",
    ]
    application.worker_main(["worker", *options])


def use_folder(folder: str) -> None:
    """Let messages travel by files, which processes share."""
    application.conf.task_always_eager = False
    application.conf.broker_url = "filesystem://"
    application.conf.result_backend = f"file://{folder}/results"
    application.conf.broker_transport_options = {
        "data_folder_in": f"{folder}/queue",
        "data_folder_out": f"{folder}/queue",
        "control_folder": f"{folder}/control",
    }


if __name__ == "__main__":
    serve()
