"""Report, panel and admin for those who see no colours, and for those who have no mouse."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from quell.findings import Proof
from quell.reporting import webpage
from tests.browser.test_findings_admin import LIST, address, findings
from tests.browser.test_toolbar import _open, _open_panel
from tests.reporting.samples import finding, report
from tools.webdriver import Browser

__all__ = ["address", "findings"]
pytestmark = pytest.mark.browser
Keep = Callable[[Browser, str], None]
_TAB = "\ue004"
_MOST_TABS = 250
# The toolbar may live in a shadow tree.
_PARTS = (
    "const tree = document.getElementById('djDebugRoot')?.shadowRoot || document;"
    "const all = (selector) => [...tree.querySelectorAll(selector)];"
)
_CONTROLS = ":is(a[href], button, summary, select, input, [tabindex='0'])"
_SCHEMES = {"forced-colors": "active", "prefers-contrast": "more"}


@pytest.fixture(params=_SCHEMES)
def plain(request: pytest.FixtureRequest, window: Browser) -> Iterator[Browser]:
    """A window with few colours, or with much contrast, whose pages have no colour at all."""
    name = request.param
    window.emulate({name: _SCHEMES[name]})
    yield window
    assert window.run(f"return matchMedia('({name}: {_SCHEMES[name]})').matches")
    window.emulate({})


def _grey(window: Browser) -> None:
    window.run("document.documentElement.style.filter = 'grayscale(1)'")


def _texts(window: Browser, selector: str) -> list[str]:
    found: list[str] = window.run(
        f"{_PARTS} return all(arguments[0]).map((e) => e.textContent.trim())", selector
    )
    return found


def _unreached(window: Browser, within: str) -> list[str]:
    """Press Tab until the page begins anew; return the controls that had no focus, or no outline of it."""
    window.run("document.body.tabIndex = -1; document.body.focus()")
    look = (
        f"{_PARTS} const one = tree.activeElement; if (!one || one === document.body) return false;"
        "const style = getComputedStyle(one); one.dataset.had = one.dataset.had || "
        "((style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none');"
        "return true"
    )
    for _ in range(_MOST_TABS):
        window.press(_TAB)
        window.run(look)
        if not window.run(f"{_PARTS} return all(arguments[0]).some((e) => !e.dataset.had)", _shown(within)):
            break
    missing: list[str] = window.run(
        f"{_PARTS} return all(arguments[0]).filter((e) => e.checkVisibility() && e.dataset.had !== 'true')"
        ".map((e) => `${e.dataset.had}: ${e.outerHTML.slice(0, 120)}`)",
        _shown(within),
    )
    return missing


def _shown(within: str) -> str:
    return f"{within} {_CONTROLS}:not(.sortremove, details:not([open]) > :not(summary) *)"


@pytest.fixture
def page(tmp_path: Path) -> str:
    """The address of a report with findings of every verdict and level."""
    given = report()
    proofs = (Proof(verdict="proven"), Proof(verdict="not proven", reason="the output differs"), None)
    more = tuple(finding(path=f"path_{number}", proof=proof) for number, proof in enumerate(proofs))
    more = (*more, replace(finding(path="advised"), code="Q110", kind="split_statistics", level="advice"))
    file = tmp_path / "report.html"
    file.write_text(webpage.render(replace(given, findings=(*given.findings, *more))))
    return file.as_uri()


def test_badges_of_the_report_are_words(plain: Browser, page: str, keep: Keep) -> None:
    """Badges that have different colours have different words."""
    plain.open(page)
    _grey(plain)
    keep(plain, "report-plain")
    badges: list[list[str]] = plain.run(
        f"{_PARTS} return all('.badge').map((e) => [e.className, e.textContent.trim()])"
    )
    words: dict[str, set[str]] = {}
    for kind, text in badges:
        words.setdefault(kind, set()).add(text)

    assert len(words) >= 2
    assert all(all(texts) for texts in words.values())
    assert sum(map(len, words.values())) == len(set().union(*words.values()))


def test_controls_of_the_report_are_reached(window: Browser, page: str) -> None:
    """Each link, button and summary has the focus once, and shows it."""
    window.open(page)

    assert _unreached(window, "body") == []


def test_signs_of_the_panel_are_words(plain: Browser, helpdesk: str, keep: Keep) -> None:
    """Levels are words, and what a finding is about has a sign and its number beside its red bar."""
    _open(plain, helpdesk, "/slow/ticket-comments/")
    _open_panel(plain)
    _grey(plain)
    keep(plain, "toolbar-plain")
    heads = _texts(plain, ".quell-findings .quell-head")
    marks = _texts(plain, ".quell-needless > .quell-node em")

    assert heads
    assert all("problem" in head or "advice" in head for head in heads)
    assert len(_texts(plain, ".quell-needless")) <= len(marks)
    assert all(mark.startswith("⚠ finding ") for mark in marks)


def test_controls_of_the_panel_are_reached(window: Browser, helpdesk: str) -> None:
    """Each link, button and summary of the panel has the focus once, and shows it."""
    _open(window, helpdesk, "/slow/ticket-comments/")
    _open_panel(window)

    assert _unreached(window, ".quell") == []


@pytest.mark.django_db(transaction=True)
def test_signs_of_the_admin_are_words(plain: Browser, findings: Browser, address: str, keep: Keep) -> None:
    """Bars have their numbers as text, a sorted column an arrow, the current group an underline, lines their sign."""
    assert all(_names(findings, "svg.quell-trend"))
    findings.open(f"{address}{LIST}by/endpoint/")
    _grey(findings)
    keep(findings, "admin-by-plain")
    style = "return getComputedStyle(document.querySelector('[aria-sort] a'), '::after').content"
    assert "\u25be" in findings.run(style)
    line = (
        "return getComputedStyle(document.querySelector('.quell-groups [aria-current]')).textDecorationLine"
    )
    assert findings.run(line) == "underline"
    findings.open(address + LIST)
    pk = findings.run("return document.querySelector('th.field-finding a').href.match(/(\\d+)\\/change/)[1]")
    findings.open(f"{address}{LIST}{pk}/fix/")
    added, removed = _texts(findings, ".quell-added"), _texts(findings, ".quell-removed")

    assert added
    assert all(text.startswith("+") for text in added)
    assert all(text.startswith("-") for text in removed)


def _names(window: Browser, selector: str) -> list[Any]:
    found: list[Any] = window.run(f"{_PARTS} return all(arguments[0]).map((e) => e.ariaLabel)", selector)
    return found


@pytest.mark.django_db(transaction=True)
def test_controls_of_the_admin_are_reached(findings: Browser, address: str) -> None:
    """Each control that quell adds to the admin has the focus once, and shows it."""
    assert _unreached(findings, "#content") == []
    findings.open(f"{address}{LIST}by/endpoint/")
    assert _unreached(findings, "#content") == []
    findings.open(address + LIST)
    pk = findings.run("return document.querySelector('th.field-finding a').href.match(/(\\d+)\\/change/)[1]")
    for name in ("change", "fix"):
        findings.open(f"{address}{LIST}{pk}/{name}/")
        assert _unreached(findings, "#content") == [], name
