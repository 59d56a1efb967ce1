"""The findings in the admin, in a real browser: open, sort, copy, follow the link."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.test import Client, override_settings
from django.test.testcases import LiveServerThread

from quell.production import storing
from quell.store.findings import StoredFinding
from tests.library.models import Author, Country
from tests.production.conftest import MIDDLEWARE
from tools.webdriver import Browser

ROOT = Path(__file__).resolve().parent.parent.parent
ENTER = "\ue007"
LIST = "/admin/quell_store/storedfinding/"
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def address() -> Iterator[str]:
    """A server with the findings of some requests and somebody who may see them."""
    for number in range(5):
        country = Country.objects.create(name=f"Country {number}")
        Author.objects.create(name=f"Author {number}", country=country)
    User.objects.create_superuser("root", password="secret")
    changed = override_settings(
        INSTALLED_APPS=[*settings.INSTALLED_APPS, "django.contrib.staticfiles"],
        QUELL_STORE="database",
        QUELL_STORE_SECONDS=3600,
        QUELL_RELEASE="2026.11",
        BASE_DIR=ROOT,
    )
    with changed:
        with override_settings(ROOT_URLCONF="tests.production.views", MIDDLEWARE=MIDDLEWARE):
            for url in ("/countries/", "/first/3/", "/first/5/", "/first/4/", "/api/countries/"):
                Client().get(url)
        assert storing.flush()
        server = LiveServerThread("127.0.0.1", static_handler=StaticFilesHandler)
        server.daemon = True
        server.start()
        server.is_ready.wait()
        yield f"http://127.0.0.1:{server.port}"
        server.terminate()


@pytest.fixture
def findings(window: Browser, address: str) -> Iterator[Browser]:
    """A window that shows the list of findings to somebody who has logged in."""
    window.open(f"{address}/admin/login/?next={LIST}")
    window.run("document.querySelector('[name=username]').value = 'root'")
    window.run("document.querySelector('[name=password]').value = 'secret'")
    _press(window, "[name=password]")
    window.wait_for("return location.pathname == arguments[0]", LIST)
    yield window
    # The test project has no icon.
    assert [text for text in window.console_errors() if "favicon.ico" not in text] == []


def _press(window: Browser, selector: str) -> None:
    """Press Enter on the first element of a selector, as somebody without a mouse does."""
    window.wait_for("return document.querySelector(arguments[0])", selector)
    window.run("document.querySelector(arguments[0]).focus()", selector)
    window.press(ENTER)


def _follow(window: Browser, text: str) -> None:
    find = "return [...document.links].find(link => link.textContent.trim() == arguments[0])"
    window.click(window.wait_for(find, text))


def _texts(window: Browser, selector: str) -> list[str]:
    find = "return [...document.querySelectorAll(arguments[0])].map(found => found.textContent.trim())"
    found: list[str] = window.run(find, selector)
    return found


def test_list_is_sorted_by_a_click(findings: Browser, keep: Callable[[Browser, str], None]) -> None:
    """The most needless queries come first, and a heading sorts by something else."""
    first = _texts(findings, "td.field-endpoint")
    keep(findings, "admin-findings")
    findings.click(findings.run("return document.querySelector('th.column-endpoint a')"))
    findings.wait_for("return location.search.includes('o=')")

    assert first[0] == "GET /first/<int:number>/"
    assert _texts(findings, "td.field-endpoint") == sorted(first)
    assert _texts(findings, "svg.quell-trend rect")


def test_fix_is_copied_by_keyboard_and_shown_by_a_link(
    findings: Browser, keep: Callable[[Browser, str], None]
) -> None:
    """From the list to the finding, to the copied code, to the difference."""
    findings.allow_clipboard()
    _press(findings, "#result_list th.field-finding a")
    _press(findings, ".quell-copy")
    findings.wait_for("return document.querySelector('.quell-copy').textContent == 'Copied'")
    keep(findings, "admin-finding")
    copied = findings.run("return navigator.clipboard.readText()")
    _press(findings, ".quell-fix")
    added = findings.wait_for(
        "return [...document.querySelectorAll('.quell-added')].map(found => found.textContent)[0]"
    )
    keep(findings, "admin-fix")

    assert copied == StoredFinding.objects.latest("saved_count").suggestion
    assert 'select_related("country")' in added


@pytest.mark.parametrize("width", [400, 1300, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_their_window(
    findings: Browser, address: str, width: int, scheme: str, keep: Callable[[Browser, str], None]
) -> None:
    """Long call sites break, and hide no column; what cannot fit scrolls by itself."""
    long = "/".join(["a_package_with_a_long_name"] * 3)
    StoredFinding.objects.update(
        origin=f"{long}/views.py:12345",
        endpoint=f"GET /{long}/<int:number>/",
        path="author__country__continent",
    )
    findings.resize(width, 900)
    findings.prefer(scheme)
    for name, page in (("list", LIST), ("by", f"{LIST}by/origin/")):
        findings.open(address + page)
        keep(findings, f"admin-{name}-{width}-{scheme}")
        wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert findings.run(wide) <= 0, page
    if width > 1000:
        findings.open(address + LIST)
        hidden = "const box = document.querySelector('.results'); return box.scrollWidth - box.clientWidth"
        assert findings.run(hidden) <= 0
    findings.prefer("light")
    findings.resize(1400, 1000)


def test_groups_lead_back_to_the_list(findings: Browser) -> None:
    """By endpoint, sorted by name, and on to the findings of one."""
    _follow(findings, "By endpoint")
    findings.click(findings.wait_for("return document.querySelector('thead a[href=\"?o=name\"]')"))
    findings.wait_for("return document.querySelector('th[aria-sort=ascending]')")
    _follow(findings, "GET /countries/")
    findings.wait_for("return location.search.includes('endpoint__exact')")

    assert _texts(findings, "td.field-endpoint") == ["GET /countries/"]
