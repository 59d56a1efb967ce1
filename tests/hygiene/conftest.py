"""A server to talk to, and rows that are committed."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import django
import pytest
from django.core.cache import cache
from django.test import override_settings

from tests.services.conftest import emptied_by_hand

__all__ = ["emptied_by_hand"]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer, and leave the connection open."""
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_POST = do_GET  # noqa: N815 -- likewise

    def log_message(self, *_: object) -> None:
        """Keep the log out of the tests."""


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """Return the address of a server that answers everything."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(autouse=True)
def own_cache_and_mail() -> Iterator[None]:
    """Leave nothing in the cache; send mail to memory, as Django's test runner does, in the words of its version."""
    mailers = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    with override_settings(**({"MAILERS": mailers} if django.VERSION >= (6, 1) else {})):
        yield
    cache.clear()
