"""What a terminal can do: colours, and links to pages."""

from collections.abc import Mapping

_CODES = {"bold": "\x1b[1m", "green": "\x1b[32m", "red": "\x1b[31m", "dim": "\x1b[2m"}
_OFF = "\x1b[0m"
_LINKING_PROGRAMS = frozenset({"iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "Tabby", "rio"})
_LINKING_TERMINALS = ("xterm-kitty", "alacritty", "foot", "xterm-ghostty", "wezterm", "contour")
# Of the library behind GNOME's terminal and others.
_LINKING_VTE = 5000


class Paint:
    """
    Colours and links for a terminal; never the only sign of anything.

    Args:
        is_on: Whether to colour.
        has_links: Whether the terminal shows links (OSC 8).
    """

    def __init__(self, *, is_on: bool, has_links: bool = False) -> None:
        self._is_on = is_on
        self._has_links = has_links

    def __call__(self, text: str, colour: str) -> str:
        """Return the text in a colour: ``bold``, ``green``, ``red`` or ``dim``."""
        return f"{_CODES[colour]}{text}{_OFF}" if self._is_on else text

    def link(self, text: str, address: str) -> str:
        """Return the text as a link, or as it is where the terminal shows none."""
        return f"\x1b]8;;{address}\x1b\\{text}\x1b]8;;\x1b\\" if self._has_links else text


PLAIN = Paint(is_on=False)


def shows_links(environment: Mapping[str, str]) -> bool:
    """
    Tell whether a terminal is known to show links, by the variables that it sets.

    ``FORCE_HYPERLINK`` has the say: ``0`` is no, anything else yes.
    """
    forced = environment.get("FORCE_HYPERLINK")
    if forced is not None:
        return forced != "0"
    if "CI" in environment:
        return False
    vte = environment.get("VTE_VERSION", "")
    return (
        environment.get("TERM_PROGRAM") in _LINKING_PROGRAMS
        or environment.get("TERM", "").startswith(_LINKING_TERMINALS)
        or "WT_SESSION" in environment
        or "KONSOLE_VERSION" in environment
        or (vte.isdigit() and int(vte) >= _LINKING_VTE)
    )
