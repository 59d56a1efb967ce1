"""
Look at the help desk in a headless browser: every page renders, fits its window, and is saved as a picture.

Then the tests run that use a page as a person does: ``pytest -m browser``.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.webdriver import free_port

ROOT = Path(__file__).resolve().parent.parent
PROJECT = ROOT / "example_project"
PICTURES = ROOT / ".venv" / "screenshots"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
PAGES = {
    "home": "/",
    "queue": "/tickets/",
    "ticket": "/tickets/1/",
    "dashboard": "/dashboard/",
    "knowledge-base": "/kb/",
    "article": "/kb/1/",
    "slow-comments": "/slow/ticket-comments/",
    "fast-comments": "/fast/ticket-comments/",
}
SIZES = {"wide": "1400,1000", "narrow": "420,900"}
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def find_browser() -> str | None:
    """Return the path of a browser that runs headless, or ``None``."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


@contextmanager
def served(database: Path, *, has_toolbar: bool = False) -> Iterator[str]:
    """Serve the help desk with 60 tickets, and yield its address."""
    url, toolbar = f"sqlite:///{database}", "1" if has_toolbar else "0"
    # The settings are its own, also below a test run.
    kept = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    environment = {**kept, "DATABASE_URL": url, "HELPDESK_TOOLBAR": toolbar}
    for command in (["migrate", "--verbosity", "0"], ["seed", "--tickets", "60", "--flush"]):
        subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=PROJECT,
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    port = free_port()
    command = [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"]
    with subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            _wait_for(f"http://127.0.0.1:{port}/")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait_for(address: str) -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
        else:
            return
    sys.exit(f"the help desk does not answer at {address}")


def _browse(browser: str, *arguments: str) -> str:
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(
            [browser, *FLAGS, f"--user-data-dir={profile}", *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    return done.stdout


def check(browser: str, address: str, name: str, path: str) -> list[str]:
    """Render one page in both sizes and both colour schemes, and return what is wrong with it."""
    for size, window in SIZES.items():
        for scheme, number in (("light", 1), ("dark", 0)):
            picture = PICTURES / f"{name}-{size}-{scheme}.png"
            picture.unlink(missing_ok=True)
            _browse(
                browser,
                f"--window-size={window}",
                f"--blink-settings=preferredColorScheme={number}",
                f"--screenshot={picture}",
                address + path,
            )
            if not picture.exists() or picture.stat().st_size < 5_000:
                return [f"{path}: no picture in {size} {scheme}"]
    page = _browse(browser, "--dump-dom", address + path)
    wrong = []
    if not re.search(r"<h1[^>]*>\s*\S", page):
        wrong.append(f"{path}: no heading")
    if "Traceback" in page or "TemplateSyntaxError" in page:
        wrong.append(f"{path}: an error page")
    if not re.search(r"<html[^>]* lang=", page) or "<main" not in page:
        wrong.append(f"{path}: no language or no main part, which assistive technology needs")
    return wrong


def main() -> int:
    """Check every page and say where the pictures are."""
    browser = find_browser()
    if browser is None:
        print(f"skipped: no browser found; install one of {', '.join(BROWSERS)}")
        return 1 if os.environ.get("CI") == "true" else 0
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "browser.sqlite3") as address:
        wrong = [line for name, path in PAGES.items() for line in check(browser, address, name, path)]
    for line in wrong:
        print(line)
    print(
        f"{len(PAGES) - len({line.split(':')[0] for line in wrong})} of {len(PAGES)} pages are right; "
        f"pictures in {PICTURES.relative_to(ROOT)}"
    )
    used = subprocess.run([sys.executable, "-m", "pytest", "-q", "-m", "browser"], cwd=ROOT, check=False)
    return 1 if wrong or used.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
