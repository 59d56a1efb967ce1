"""The panel of the debug toolbar as a person uses it."""

from collections.abc import Callable
from typing import Any

import pytest

from tools.webdriver import Browser

pytestmark = pytest.mark.browser

_ENTER, _TAB = "\ue007", "\ue004"
# The toolbar may live in a shadow tree.
_TOOLBAR = (
    "const r = document.getElementById('djDebugRoot');"
    "const d = (r.shadowRoot || r).querySelector('#djDebug');"
    "const find = (selector) => d.querySelector(selector);"
)
Keep = Callable[[Browser, str], None]


def _find(window: Browser, selector: str) -> Any:
    return window.wait_for(f"{_TOOLBAR} return find(arguments[0])", selector)


def _text(window: Browser, selector: str) -> str:
    return str(window.run(f"{_TOOLBAR} return find(arguments[0]).textContent", selector)).strip()


def _open(window: Browser, address: str, path: str) -> None:
    window.open(address + path)
    window.wait_for(f"{_TOOLBAR} return globalThis.djdt && !find('#djDebugToolbar').matches('.djdt-hidden')")


def _open_panel(window: Browser) -> None:
    window.click(_find(window, "a.QuellPanel"))
    _find(window, "#QuellPanel .quell")
    # The styles come with the content, and a picture without them shows another page.
    window.wait_for(
        f"{_TOOLBAR} return find('.quell').getRootNode().styleSheets.length > 1 || find('link').sheet"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_panel_shows_findings_and_tree(window: Browser, helpdesk: str, scheme: str, keep: Keep) -> None:
    """The panel opens, in both colour schemes, with the findings and the tree of the fetches."""
    window.resize(1180, 800)
    window.prefer(scheme)
    _open(window, helpdesk, "/slow/ticket-comments/")
    assert "3 findings" in _text(window, "a.QuellPanel small")
    _open_panel(window)

    assert '.prefetch_related("comments__author")' in _text(window, ".quell-findings")
    depths = window.run(
        f"{_TOOLBAR} return [...d.querySelectorAll('.quell-tree .quell-name strong')].map((name) => {{"
        "let depth = 0; for (let e = name; !e.matches('.quell-tree'); e = e.parentElement) depth += e.matches('ul');"
        "return [name.textContent, depth] })"
    )
    assert depths == [["tickets.Ticket", 0], ["comments", 1], ["author", 2], ["organization", 3]]
    keep(window, f"toolbar-{scheme}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_leaves_its_card_in_a_narrow_window(
    window: Browser, helpdesk: str, scheme: str, keep: Keep
) -> None:
    """Long names break."""
    window.resize(400, 900)
    window.prefer(scheme)
    _open(window, helpdesk, "/slow/ticket-comments/")
    _open_panel(window)
    keep(window, f"toolbar-narrow-{scheme}")
    look = (
        f"{_TOOLBAR} return [...d.querySelectorAll('.quell-findings > li')].flatMap((card) => {{"
        "const edge = card.getBoundingClientRect().right; return [...card.querySelectorAll('*')].filter("
        "(part) => part.getBoundingClientRect().right > edge + 1).map((part) => part.outerHTML.slice(0, 80)) })"
    )
    assert window.run(look) == []
    window.prefer("light")
    window.resize(1400, 1000)


def test_bars_share_one_axis(window: Browser, helpdesk: str) -> None:
    """The bars of every depth begin and end at the same place."""
    _open(window, helpdesk, "/slow/ticket-comments/")
    _open_panel(window)
    look = (
        f"{_TOOLBAR} const edges = [...d.querySelectorAll('.quell-bars')].map((bar) => bar.getBoundingClientRect());"
        "return edges.map((edge) => [Math.round(edge.left), Math.round(edge.right)].join()).filter("
        "(edge, at, all) => all.indexOf(edge) === at)"
    )

    assert window.until(lambda: len(window.run(look)) == 1, "the bars are not aligned")


def test_fix_is_copied(window: Browser, helpdesk: str) -> None:
    """The button puts the code into the clipboard, and says so."""
    _open(window, helpdesk, "/slow/ticket-comments/")
    window.allow_clipboard()
    _open_panel(window)
    window.click(_find(window, "[data-quell-copy]"))

    window.until(lambda: _text(window, ".quell [role=status]") == "Copied", "the button says nothing")
    assert window.run("return navigator.clipboard.readText()") == _text(window, ".quell-fix code")


def test_line_leads_to_its_code(window: Browser, helpdesk: str, keep: Keep) -> None:
    """The link of a line opens the code around it, and Escape leads back."""
    window.resize(1180, 520)
    _open(window, helpdesk, "/slow/ticket-comments/")
    _open_panel(window)
    window.click(_find(window, ".quell-spots a.remoteCall"))
    _find(window, ".quell-source")

    assert "tickets = Ticket.objects.all()" in _text(window, ".quell-here")
    keep(window, "toolbar-source")
    window.press("\ue00c")
    window.wait_for(f"{_TOOLBAR} return find('#djDebugWindow').matches('.djdt-hidden')")
    assert window.run(f"{_TOOLBAR} return !find('#QuellPanel').matches('.djdt-hidden')")


def test_panel_works_with_the_keyboard_alone(window: Browser, helpdesk: str) -> None:
    """A fix can be copied and a line be followed without a mouse."""
    _open(window, helpdesk, "/slow/ticket-comments/")
    window.allow_clipboard()
    window.run(f"{_TOOLBAR} find('a.QuellPanel').focus()")
    window.press(_ENTER)
    _find(window, "#QuellPanel .quell")
    focused = "const a = document.getElementById('djDebugRoot').shadowRoot?.activeElement ?? document.activeElement;"
    window.run(f"{_TOOLBAR} find('#QuellPanel .djdt-scroll').focus()")
    window.press(_TAB)
    assert window.run(f"{focused} return a.href.endsWith('/findings/Q101.html')")
    window.press(_TAB)
    assert window.run(f"{focused} return a.matches('[data-quell-copy]')")
    window.press(_ENTER)
    window.until(lambda: _text(window, ".quell [role=status]") == "Copied", "the button says nothing")
    window.press(_TAB, _ENTER)

    assert "tickets = Ticket.objects.all()" in _text_of(window, ".quell-here")


def _text_of(window: Browser, selector: str) -> str:
    _find(window, selector)
    return _text(window, selector)


def test_history_switches_to_an_answer_for_a_script(window: Browser, helpdesk: str) -> None:
    """What the page fetched later has findings of its own, which the history shows."""
    _open(window, helpdesk, "/fast/ticket-comments/")
    assert "nothing needless" in _text(window, "a.QuellPanel small")
    window.run("return fetch('/slow/work-orders/').then((response) => response.text()).then(() => true)")
    window.click(_find(window, "a.HistoryPanel"))
    row = "[...d.querySelectorAll('#djdtHistoryRequests tr')].find((row) => row.textContent.includes('work-orders'))"
    button = window.wait_for(f"{_TOOLBAR} return {row}?.querySelector('.switchHistory')")
    window.click(button)
    window.until(lambda: "finding" in _text(window, "a.QuellPanel small"), "the panel shows the old request")
    _open_panel(window)

    assert "fieldwork.WorkOrder" in _text(window, ".quell-findings")


def test_panel_can_be_switched_off(window: Browser, helpdesk: str) -> None:
    """Without its tick the panel is off from the next page on."""
    _open(window, helpdesk, "/slow/ticket-comments/")
    window.click(_find(window, "#djdt-QuellPanel input"))
    _open(window, helpdesk, "/slow/ticket-comments/")

    assert window.run(f"{_TOOLBAR} return find('#QuellPanel') === null")
