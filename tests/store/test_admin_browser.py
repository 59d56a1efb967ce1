"""The findings in the admin, in a real browser: open, sort, copy, follow the link."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.test import Client, override_settings
from django.test.testcases import LiveServerThread
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from quell.production import storing
from quell.store.findings import StoredFinding
from tests.library.models import Author, Country
from tests.production.conftest import MIDDLEWARE

ROOT = Path(__file__).resolve().parent.parent.parent
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
def browser(address: str) -> Iterator[Chrome]:
    """A headless browser that has logged in."""
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip("chromium and chromium-driver are not installed")
    options = ChromeOptions()
    options.binary_location = binary
    for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--window-size=1500,900", "--disable-sync"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    found = Chrome(options=options, service=ChromeService(driver))
    found.get(f"{address}/admin/login/?next={LIST}")
    found.find_element(By.NAME, "username").send_keys("root")
    found.find_element(By.NAME, "password").send_keys("secret", Keys.ENTER)
    WebDriverWait(found, 10).until(lambda driver: driver.current_url.endswith(LIST))
    yield found
    # Selenium has no types for its log.
    entries: list[dict[str, str]] = found.get_log("browser")  # type: ignore[no-untyped-call]
    complaints = [entry["message"] for entry in entries if entry["level"] == "SEVERE"]
    found.quit()
    # The test project has no icon.
    assert [text for text in complaints if "favicon.ico" not in text] == []


def _picture(browser: Chrome, name: str) -> None:
    folder = os.environ.get("QUELL_TEST_PICTURES")
    if folder:
        browser.save_screenshot(f"{folder}/{name}.png")


def _endpoints(browser: Chrome) -> list[str]:
    return [cell.text for cell in browser.find_elements(By.CSS_SELECTOR, "td.field-endpoint")]


def test_list_is_sorted_by_a_click(browser: Chrome) -> None:
    """The most needless queries come first, and a heading sorts by something else."""
    first = _endpoints(browser)
    _picture(browser, "list")
    browser.find_element(By.CSS_SELECTOR, "th.column-endpoint a").click()

    assert first[0] == "GET /first/<int:number>/"
    assert _endpoints(browser) == sorted(first)
    assert browser.find_elements(By.CSS_SELECTOR, "svg.quell-trend rect")


def test_fix_is_copied_by_keyboard_and_shown_by_a_link(browser: Chrome) -> None:
    """From the list to the finding, to the copied code, to the difference."""
    browser.find_element(By.CSS_SELECTOR, "#result_list th.field-finding a").send_keys(Keys.ENTER)
    WebDriverWait(browser, 10).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, ".quell-copy"))
    _picture(browser, "finding")
    browser.execute_cdp_cmd("Browser.grantPermissions", {"permissions": ["clipboardReadWrite"]})
    button = browser.find_element(By.CSS_SELECTOR, ".quell-copy")
    button.send_keys(Keys.ENTER)
    WebDriverWait(browser, 10).until(lambda driver: button.text == "Copied")
    copied = browser.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    browser.find_element(By.CSS_SELECTOR, ".quell-fix").send_keys(Keys.ENTER)
    added = WebDriverWait(browser, 10).until(
        lambda driver: driver.find_elements(By.CSS_SELECTOR, ".quell-added")
    )
    _picture(browser, "fix")

    assert copied == StoredFinding.objects.latest("saved_count").suggestion
    assert 'select_related("country")' in added[0].text


def test_groups_lead_back_to_the_list(browser: Chrome) -> None:
    """By endpoint, sorted by name, and on to the findings of one."""
    browser.find_element(By.LINK_TEXT, "By endpoint").click()
    browser.find_element(By.CSS_SELECTOR, 'thead a[href="?o=name"]').click()
    WebDriverWait(browser, 10).until(
        lambda driver: driver.find_elements(By.CSS_SELECTOR, 'th[aria-sort="ascending"]')
    )
    _picture(browser, "groups")
    browser.find_element(By.LINK_TEXT, "GET /countries/").click()
    WebDriverWait(browser, 10).until(lambda driver: "endpoint__exact" in driver.current_url)

    assert _endpoints(browser) == ["GET /countries/"]
