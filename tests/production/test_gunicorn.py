"""Real workers of a real server fold into one Redis."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from quell.store.redis import RedisStore
from tests.store.conftest import Server, server
from tools.webdriver import free_port

__all__ = ["server"]

_PROJECT = """
import os, sys
import django
from django.conf import settings
from django.http import HttpResponse
from django.urls import path

settings.configure(
    SECRET_KEY="only for tests", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, LOGGING_CONFIG=None,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DESK_DATABASE"]}},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "quell"],
    MIDDLEWARE=["quell.middleware.QuellMiddleware"],
    QUELL_STORE=os.environ["DESK_STORE"], QUELL_STORE_SECONDS=0.1,
)
django.setup()
from django.contrib.auth.models import Group

def groups(request, count):
    return HttpResponse(str([Group.objects.filter(pk=number).count() for number in range(count)]))

urlpatterns = [path("three/", groups, {"count": 3}), path("five/", groups, {"count": 5})]

from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()

if __name__ == "__main__":
    from django.core.management import call_command
    call_command("migrate", verbosity=0)
"""


@contextmanager
def _gunicorn(server: Server, folder: Path, *options: str) -> Iterator[str]:
    """Run four workers, and yield their address; they have ended when the block has."""
    (folder / "desk.py").write_text(_PROJECT)
    port = free_port()
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(folder), *sys.path]),
        "DESK_DATABASE": str(folder / "desk.sqlite3"),
        "DESK_STORE": server.url,
    }
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    subprocess.run([sys.executable, "-m", "desk"], check=True, env=environment, timeout=60)
    command = [sys.executable, "-m", "gunicorn", "desk:application", "--workers", "4", *options]
    with subprocess.Popen([*command, "--bind", f"127.0.0.1:{port}"], env=environment) as process:
        yield f"http://127.0.0.1:{port}"
        process.terminate()
        process.wait(30)


def _get(url: str) -> int:
    for _ in range(200):
        try:
            with urllib.request.urlopen(url, timeout=20) as response:
                return int(response.status)
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    return 0


@pytest.mark.parametrize("options", [[], ["--preload"]], ids=["each_its_own", "preloaded"])
def test_four_workers_lose_and_mix_nothing(server: Server, tmp_path: Path, options: list[str]) -> None:
    """Each request of each worker is counted once, under its own endpoint, what a worker had at its end included."""
    with _gunicorn(server, tmp_path, *options) as address:
        urls = [f"{address}/{'three' if number % 3 else 'five'}/" for number in range(150)]
        assert _get(urls[0]) == 200
        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(_get, urls[1:])) == {200}

    found = {
        item.total.facts.endpoint: (item.total.requests, item.total.queries)
        for item in RedisStore(server.url).findings()
    }
    assert found == {"GET /three/": (100, 300), "GET /five/": (50, 250)}
