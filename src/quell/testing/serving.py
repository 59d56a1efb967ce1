"""How a watch of a test sees what a live server answers in threads of its own."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from quell.pipeline import wrap_thread


@contextmanager
def served() -> Iterator[None]:
    """
    Let the live servers of this process answer inside of the watches that are open here.

    They were started before, so their threads belong to no watch. A server in another process is not seen.
    """
    # Who has not imported it has started none.
    testcases = sys.modules.get("django.test.testcases")
    kind = getattr(testcases, "LiveServerThread", ())
    found = [
        thread.httpd
        for thread in threading.enumerate()
        if isinstance(thread, kind) and hasattr(thread, "httpd")
    ]
    # Each request asks the server for its application.
    kept = [(server, server.get_app()) for server in found]
    for server, application in kept:
        server.set_app(wrap_thread(application))
    try:
        yield
    finally:
        for server, application in reversed(kept):
            server.set_app(application)
