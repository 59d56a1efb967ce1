"""Colours of what a test says, as pytest's own: by --color, NO_COLOR and FORCE_COLOR; never the only sign."""

from collections.abc import Iterable, Iterator

_CODES = {"bold": "1", "red": "31", "green": "32", "cyan": "36"}
_state = {"is_on": False}


def switch(*, is_on: bool) -> None:
    """Let messages have colours, or not."""
    _state["is_on"] = is_on


def paint(text: str, colour: str) -> str:
    """Return a text in a colour, where there are colours."""
    return f"\033[{_CODES[colour]}m{text}\033[0m" if _state["is_on"] and text else text


def coloured_diff(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a diff: what is gone in red, what is new in green."""
    for line in lines:
        yield (
            paint(line, {"-": "red", "+": "green", "@": "cyan"}.get(line[:1], "bold"))
            if line[:1] in "-+@"
            else line
        )
