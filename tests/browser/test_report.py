"""The HTML report in a real browser: open, sort, copy, follow the links, print."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from quell.findings import Proof
from quell.reporting import webpage
from tests.reporting.samples import finding, hostile_report, report
from tools.webdriver import Browser

pytestmark = pytest.mark.browser
Keep = Callable[[Browser, str], None]

_ROWS = (
    "return [...document.querySelectorAll('#main table tbody')[0].rows].map(row => row.cells[{}].textContent)"
)
_STATUS = "return document.getElementById('status').textContent"
_FIX = '.select_related("customer")'


@pytest.fixture
def page(tmp_path: Path) -> str:
    """The address of a report in a file, with findings of different sizes."""
    given = report()
    more = tuple(finding(path=f"path_{count}", count=count) for count in (30, 7, 100))
    # Code has few places to break at.
    reason = f"proved with batched answers; the code to write is .annotate({'Count(Subquery(OuterRef.' * 12}"
    more = (*more, finding(path="long", proof=Proof(verdict="proven", reason=reason)))
    file = tmp_path / "report.html"
    file.write_text(webpage.render(replace(given, findings=(*given.findings, *more))))
    return file.as_uri()


@pytest.fixture
def hostile_page(tmp_path: Path) -> str:
    """The address of a report in which every name is hostile."""
    file = tmp_path / "hostile.html"
    file.write_text(webpage.render(hostile_report()))
    return file.as_uri()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1400, 1000), (420, 900)], ids=["wide", "narrow"])
def test_report_fits_its_window(
    window: Browser, page: str, keep: Keep, scheme: str, size: tuple[int, int]
) -> None:
    """Nothing but a table, which scrolls by itself, is wider; a page that is opened is none either."""
    window.resize(*size)
    window.prefer(scheme)
    window.open(page)
    keep(window, f"report-{size[0]}-{scheme}")
    window.run("document.querySelectorAll('details').forEach(each => { each.open = true })")
    window.run("document.getElementById('page-1').scrollIntoView()")
    keep(window, f"report-page-{size[0]}-{scheme}")

    wide = window.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
    dark = window.run("return getComputedStyle(document.body).backgroundColor")
    window.resize(1400, 1000)
    window.prefer("light")

    assert wide <= 0
    assert dark == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 24, 22)")


def test_table_is_sorted_by_a_click(window: Browser, page: str) -> None:
    """Most first, then fewest first; the head and a spoken text say so."""
    window.open(page)
    button = window.run("return document.querySelectorAll('button.sort')[3]")
    window.click(button)
    down = window.run(_ROWS.format(3)), window.run("return arguments[0].parentElement.ariaSort", button)
    window.click(button)
    up = window.run(_ROWS.format(3)), window.run("return arguments[0].parentElement.ariaSort", button)

    assert down == (["100", "30", "7", "4", "4", "4", "4"], "descending")
    assert up == (["4", "4", "4", "4", "7", "30", "100"], "ascending")
    assert window.wait_for(_STATUS) == "sorted upwards by Queries"


def test_table_is_sorted_by_the_keyboard(window: Browser, page: str) -> None:
    """A head is a button, and texts with numbers are in the order of the numbers."""
    window.open(page)
    window.run("document.querySelectorAll('button.sort')[1].focus()")
    window.press("\ue007")

    assert window.run(_ROWS.format(1))[-3:] == [
        "shop.Ticket path_30",
        "shop.Ticket path_100",
        "shop.Ticket shop",
    ]


def test_fix_is_copied_by_a_click(window: Browser, page: str) -> None:
    """The button says so, and so does a spoken text; then it is as it was."""
    window.open(page)
    window.allow_clipboard()
    button = window.run("return document.querySelector('[data-copy]')")
    window.click(button)

    assert window.wait_for(_STATUS) == "Copied"
    assert window.run("return arguments[0].textContent", button) == "Copied"
    assert window.run("return navigator.clipboard.readText()") == _FIX
    assert window.wait_for("return arguments[0].textContent === 'Copy'", button)


def test_fix_is_copied_by_the_keyboard_without_permission(window: Browser, page: str) -> None:
    """Where the clipboard is refused, the older way is taken."""
    window.open(page)
    window.allow_clipboard()
    window.run("await navigator.clipboard.writeText('')")
    window.run("navigator.clipboard.writeText = () => Promise.reject(new Error('denied'))")
    window.run("document.querySelector('[data-copy]').focus()")
    window.press(" ")

    assert window.wait_for(_STATUS) == "Copied"
    assert window.run("return navigator.clipboard.readText()") == _FIX


def test_fix_stays_selected_where_nothing_may_copy_it(window: Browser, page: str) -> None:
    """Who reads the report is told to do it."""
    window.open(page)
    window.run("navigator.clipboard.writeText = () => Promise.reject(new Error('denied'))")
    window.run("document.execCommand = () => false")
    window.click(window.run("return document.querySelector('[data-copy]')"))

    assert window.wait_for(_STATUS) == "Selected: copy it with your keyboard"
    assert window.run("return getSelection().toString()") == _FIX


def test_links_lead_from_the_table_to_the_meaning(window: Browser, page: str) -> None:
    """To the finding, to the page that shows it, which opens, and to what its code means."""
    window.open(page)
    window.click(window.run("return document.querySelector('a[href=\"#finding-1\"]')"))
    at = "const top = document.getElementById(arguments[0]).getBoundingClientRect().top; return top >= 0 && top < 500"
    assert window.wait_for(at, "finding-1")

    window.click(window.run("return document.querySelector('article a[href=\"#page-1\"]')"))
    assert window.wait_for("return document.getElementById('page-1').closest('details').open")
    assert window.wait_for(at, "page-1")

    window.run("document.getElementById('finding-1').scrollIntoView()")
    window.click(window.run("return document.querySelector('article a[href=\"#Q101\"]')"))
    assert window.wait_for(at, "Q101")


def test_link_from_elsewhere_opens_the_page(window: Browser, page: str) -> None:
    """An address with an anchor can be sent to somebody."""
    window.open(f"{page}#page-1")

    assert window.run("return document.getElementById('page-1').closest('details').open") is True


def test_first_link_leads_past_the_head(window: Browser, page: str) -> None:
    """Who uses the keyboard sees it as soon as it has the focus."""
    window.open(page)
    window.press("\ue004")

    assert window.run("return document.activeElement.getAttribute('href')") == "#main"
    assert window.run("return document.activeElement.getBoundingClientRect().left") >= 0
    assert window.run("return getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_paper_shows_what_is_closed(window: Browser, page: str) -> None:
    """And the screen is as it was afterwards."""
    window.open(page)
    closed = "return document.querySelectorAll('details:not([open])').length"
    before = window.run(closed)
    window.run("window.dispatchEvent(new Event('beforeprint'))")
    printed = window.run(closed)
    window.run("window.dispatchEvent(new Event('afterprint'))")

    assert before > 0
    assert (printed, window.run(closed)) == (0, before)


def test_hostile_names_do_nothing(window: Browser, hostile_page: str) -> None:
    """They are text, in a page that works; its policy had nothing to refuse."""
    window.open(hostile_page)
    window.run("document.querySelectorAll('details').forEach(each => { each.open = true })")
    window.click(window.run("return document.querySelector('button.sort')"))

    assert window.run("return document.scripts.length") == 1
    assert "<script>alert(1)</script>" in window.run("return document.querySelector('h3').textContent")
    assert window.wait_for(_STATUS) == "sorted upwards by Code"


def test_policy_keeps_the_network_out(window: Browser, page: str) -> None:
    """Whatever came into the file could send nothing anywhere."""
    window.open(page)
    script = """
        return new Promise(done => {
            document.addEventListener('securitypolicyviolation', event => done(event.effectiveDirective))
            const image = document.createElement('img')
            image.src = 'http://127.0.0.1:9/'
            document.body.append(image)
        })
    """

    assert window.run(script) == "img-src"
    # The one complaint that this test is about.
    assert any("Content Security Policy" in line for line in window.console_errors())
