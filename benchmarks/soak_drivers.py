"""Who asks for the pages: threads of a WSGI server, tasks of an ASGI server, clients over HTTP, and workers."""

import asyncio
import io
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections

import quell
from benchmarks.soak_book import report_of
from benchmarks.soak_pages import (
    ASYNC,
    SYNC,
    answers,
    book,
    clean,
    lazy,
    loop,
    next_page,
)

THREADS = 8
CLIENTS = 50

# Asked for a number of requests, it answers so many.
Driver = Callable[[int], None]


def wsgi() -> Iterator[Driver]:
    """Answer requests in eight threads, as a threaded WSGI server does."""
    application: Any = WSGIHandler()

    def answer(_: int) -> None:
        name, number = next_page(SYNC)
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": f"/{name}/{number}/",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "wsgi.input": io.BytesIO(),
        }
        response = application(environ, lambda *_: None)
        list(response)
        response.close()

    with ThreadPoolExecutor(THREADS) as pool:
        yield lambda count: _drain(pool.map(answer, range(count)))


def asgi() -> Iterator[Driver]:
    """Answer requests in fifty tasks of one event loop, without a server in between."""
    application: Any = ASGIHandler()

    async def answer() -> None:
        name, number = next_page(ASYNC)
        scope = {"type": "http", "method": "GET", "path": f"/{name}/{number}/", "headers": []}
        # Django listens for a disconnect until it has answered.
        messages: asyncio.Queue[dict[str, object]] = asyncio.Queue()
        messages.put_nowait({"type": "http.request", "body": b""})

        async def send(_: object) -> None:
            pass

        await application(scope, messages.get, send)

    with asyncio.Runner() as runner:
        yield lambda count: runner.run(_share(count, answer))


def uvicorn() -> Iterator[Driver]:
    """Answer requests of fifty clients over HTTP, by a real server in a thread."""
    from uvicorn import Config, Server

    server = Server(Config(ASGIHandler(), port=0, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    with asyncio.Runner() as runner:
        yield lambda count: runner.run(_clients(count, port))
    server.should_exit = True
    thread.join()


async def _share(count: int, answer: Callable[[], Any]) -> None:
    turns = iter(range(count))

    async def work() -> None:
        for _ in turns:
            await answer()

    await asyncio.gather(*(work() for _ in range(CLIENTS)))


async def _clients(count: int, port: int) -> None:
    turns = iter(range(count))

    async def work() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in turns:
            name, number = next_page(ASYNC)
            writer.write(f"GET /{name}/{number}/ HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = head.partition(b"content-length: ")[2].split(b"\r\n")[0]
            await reader.readexactly(int(length))
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(work() for _ in range(CLIENTS)))


_TASKS = {"clean": clean, "lazy": lazy, "answers": answers, "loop": loop}


def worker() -> Iterator[Driver]:
    """Run tasks in eight threads, with a watch that is opened before each and closed after it."""

    def run(_: int) -> None:
        name, number = next_page(tuple(_TASKS))
        watch = quell.watch(label=name)
        watch.__enter__()
        _TASKS[name](None, number)  # type: ignore[arg-type]  # none of these looks at its request
        watch.__exit__(None, None, None)
        _check_task(name, number, watch)

    with ThreadPoolExecutor(THREADS) as pool:
        yield lambda count: _drain(pool.map(run, range(count)))


def _check_task(name: str, number: int, watch: quell.watch) -> None:
    # As workers do: an open connection of SQLite keeps a reference to each of its last cursors.
    connections.close_all()
    report = report_of(watch.findings, watch.queries)
    # A watch also knows the statements of a page without findings.
    book.check(name, number, watch.label, [(watch.label, report)] if report[0] else [])


def celery() -> Iterator[Driver]:
    """Run tasks in a Celery worker, with a watch from ``task_prerun`` to ``task_postrun``."""
    from celery import Celery, signals
    from celery.contrib.testing.worker import start_worker

    application = Celery("soak", broker="memory://", backend="cache+memory://")
    open_watches: dict[str, quell.watch] = {}
    finished = threading.Semaphore(0)

    @application.task(name="visit", ignore_result=True)  # type: ignore[untyped-decorator]  # Celery has no types
    def visit(name: str, number: int) -> None:
        _TASKS[name](None, number)  # type: ignore[arg-type]  # none of these looks at its request

    def prerun(*, task_id: str, args: Any, **_: object) -> None:
        open_watches[task_id] = quell.watch(label=args[0])
        open_watches[task_id].__enter__()

    def postrun(*, task_id: str, args: Any, **_: object) -> None:
        watch = open_watches.pop(task_id)
        watch.__exit__(None, None, None)
        _check_task(args[0], args[1], watch)
        finished.release()

    signals.task_prerun.connect(prerun, sender=visit)
    signals.task_postrun.connect(postrun, sender=visit)

    def drive(count: int) -> None:
        for _ in range(count):
            visit.delay(*next_page(tuple(_TASKS)))
        for _ in range(count):
            finished.acquire()

    with start_worker(application, pool="solo", perform_ping_check=False, loglevel="CRITICAL"):
        yield drive


def _drain(results: Iterator[object]) -> None:
    for _ in results:
        pass


DRIVERS: dict[str, Callable[[], Iterator[Driver]]] = {
    "wsgi": wsgi,
    "asgi": asgi,
    "uvicorn": uvicorn,
    "worker": worker,
    "celery": celery,
}
