"""The pages of codes, as the package carries them."""

import re
from pathlib import Path

import pytest

from quell.findings import CODES
from quell.reporting.explaining import contents, explain, page_text, summary_of, target_of
from quell.reporting.markup import Code, Items, Paragraph, Table, parse, plain
from quell.reporting.terminal import Paint

DOCS = Path(__file__).resolve().parents[2] / "docs" / "findings"


_PAGE = """# T

text `code`
more

```python
a

b
```

- one
  more
- two

| a | b |
| --- | --- |
| `x\\|y` | [z](Q101.md) |
"""


@pytest.mark.parametrize("code", CODES)
def test_package_has_the_page_of_the_documentation(code: str) -> None:
    """Both are the same text: copy docs/findings/ to src/quell/reporting/pages/ after a change."""
    assert page_text(code) == (DOCS / f"{code}.md").read_text()


@pytest.mark.parametrize("code", CODES)
def test_page_is_written_in_what_is_read(code: str) -> None:
    """Nothing of Markdown is left in the text: no heading, fence, table, link, emphasis or numbered list."""
    for block in parse(page_text(code)):
        if isinstance(block, Paragraph):
            text = "".join(run.text for run in block.line if not run.is_code)
            assert not re.match(r"#|```|\||- |\d+\. |>", text), text
            assert not re.search(r"\]\(|\*\*|(^|\s)[*_]\w", text), text


def test_page_is_read_as_blocks() -> None:
    """Code, lists and tables are told from text."""
    blocks = parse(_PAGE)
    code, items, table = blocks[2:]

    assert isinstance(blocks[1], Paragraph)
    assert plain(blocks[1].line) == "text code more"
    assert code == Code("python", "a\n\nb")
    assert isinstance(items, Items)
    assert [plain(line) for line in items.lines] == ["one more", "two"]
    assert isinstance(table, Table)
    assert [[plain(cell) for cell in row] for row in table.rows] == [["a", "b"], ["x|y", "z"]]


def test_page_fits_its_terminal() -> None:
    """Only code that cannot be broken is wider."""
    for code in CODES:
        wide = [line for line in explain(code, width=80).splitlines() if len(line) > 80]
        assert all(line.startswith("    ") or len(max(line.split(), key=len)) > 30 for line in wide), wide


def test_page_ends_with_its_address() -> None:
    """It is the page of the documentation."""
    last = explain("Q101").splitlines()[-1]

    assert last == "https://django-quell.readthedocs.io/en/stable/findings/Q101.html"


def test_links_of_a_page_are_links_of_the_terminal() -> None:
    """Where the terminal shows none, their text is."""
    address = "https://django-quell.readthedocs.io/en/stable/join-or-separate.html"

    assert f"\x1b]8;;{address}\x1b\\" in explain("Q101", Paint(is_on=False, has_links=True), width=100)
    assert address not in explain("Q101")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("Q102.md", "findings/Q102.html"),
        ("../silencing.md", "silencing.html"),
        ("../silencing.md#a-baseline", "silencing.html#a-baseline"),
    ],
)
def test_target_is_that_of_the_published_page(target: str, expected: str) -> None:
    """A link between files is one between pages."""
    assert target_of("Q101", target) == f"https://django-quell.readthedocs.io/en/stable/{expected}"


def test_summary_is_a_sentence() -> None:
    """It ends with a full stop, and fits a line of a tool that shows rules."""
    assert all(summary_of(code).endswith(".") and len(summary_of(code)) < 200 for code in CODES)


def test_contents_name_every_code() -> None:
    """Each has a line that begins with it."""
    lines = [line for line in contents().splitlines() if not line.startswith(" ")]

    assert [line.split()[:2] for line in lines] == [[code, kind] for code, kind in CODES.items()]
