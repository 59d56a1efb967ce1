"""A browser, and the help desk with the debug toolbar to look at."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.browser import PICTURES, ROOT, served
from tools.webdriver import Browser, browser, find_driver


@pytest.fixture(scope="session")
def helpdesk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the help desk, with the toolbar."""
    with served(tmp_path_factory.mktemp("helpdesk") / "db.sqlite3", has_toolbar=True) as address:
        yield address


@pytest.fixture(scope="session")
def _browser() -> Iterator[Browser]:
    driver = find_driver()
    if driver is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no driver of a browser found; install chromium-driver")
        pytest.skip("no driver of a browser found; install chromium-driver")
    with browser(driver) as opened:
        yield opened


@pytest.fixture
def window(_browser: Browser) -> Iterator[Browser]:
    """A window that remembers nothing; the test fails for what the console complains of."""
    yield _browser
    errors = _browser.console_errors()
    _browser.forget()
    assert errors == []


@pytest.fixture
def keep() -> Callable[[Browser, str], None]:
    """Keep a picture; with QUELL_KEEP_PICTURES=1 it is the one in the documentation."""
    folder = ROOT / "docs" / "images" if os.environ.get("QUELL_KEEP_PICTURES") == "1" else Path(PICTURES)

    def take(opened: Browser, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        opened.picture(folder / f"{name}.png")

    return take
