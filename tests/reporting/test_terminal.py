"""What terminals are known to show."""

import pytest

from quell.reporting.terminal import Paint, shows_links


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, False),
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "xterm-kitty"}, True),
        ({"TERM_PROGRAM": "vscode"}, True),
        ({"TERM_PROGRAM": "Apple_Terminal"}, False),
        ({"VTE_VERSION": "7200"}, True),
        ({"VTE_VERSION": "4800"}, False),
        ({"VTE_VERSION": "new"}, False),
        ({"WT_SESSION": "1"}, True),
        ({"TERM_PROGRAM": "vscode", "CI": "true"}, False),
        ({"FORCE_HYPERLINK": "1", "CI": "true"}, True),
        ({"TERM": "xterm-kitty", "FORCE_HYPERLINK": "0"}, False),
    ],
)
def test_links_are_for_terminals_that_show_them(environment: dict[str, str], expected: bool) -> None:
    """An unknown terminal gets none, and a variable has the say."""
    assert shows_links(environment) is expected


def test_link_is_the_text_where_there_are_none() -> None:
    """Nothing but the text is printed."""
    assert Paint(is_on=True).link("Q101", "https://example.com/") == "Q101"


def test_link_is_a_sequence_that_terminals_read() -> None:
    """The address opens it, and an empty one closes it."""
    paint = Paint(is_on=False, has_links=True)

    assert paint.link("Q101", "https://example.com/") == (
        "\x1b]8;;https://example.com/\x1b\\Q101\x1b]8;;\x1b\\"
    )
