"""The report as a comment on a pull request."""

import re

from markdown_it import MarkdownIt

from quell.reporting import markdown
from quell.reporting.report import Report
from tests.reporting.samples import finding, hostile_report, report

_GFM = MarkdownIt("commonmark", {"html": True}).enable("table")


def test_comment_can_be_found_again() -> None:
    """Its first line is a mark that nobody sees."""
    assert markdown.render(report()).startswith("<!-- quell -->\n")


def test_comment_has_a_row_per_finding() -> None:
    """The code leads to its page, the line is that of the repository, and the proof is told."""
    text = markdown.render(report())

    assert (
        "| [Q101](https://django-quell.readthedocs.io/en/stable/findings/Q101.html) | `shop.Ticket customer` "
        "| `shop/views.py:7` | 5 → 1 | proven |"
    ) in text
    assert len(re.findall(r"^\| \[Q", text, re.MULTILINE)) == 3


def test_details_are_folded() -> None:
    """The code to write stands in one of them."""
    text = markdown.render(report())

    assert "<details><summary>Q101 n_plus_one: shop.Ticket customer</summary>" in text
    assert '```python\n.select_related("customer")\n```' in text
    assert text.count("<details>") == text.count("</details>") == 4


def test_comment_without_findings_is_short() -> None:
    """It still says that it looked."""
    assert markdown.render(Report(pages=report().pages[1:2], findings=())).splitlines()[3:] == [
        "1 page; 0 findings"
    ]


def test_comment_stays_below_what_a_host_takes() -> None:
    """Of many findings some are shown, and the rest is counted."""
    many = tuple(finding(path=f"path_{number}", message="m" * 500) for number in range(1000))
    text = markdown.render(Report(pages=(), findings=many))

    assert len(text) < 65_536
    assert "and 975 more" in text


def test_hostile_names_are_text() -> None:
    """No element, no link, no cell and nobody's name comes out of a name."""
    text = markdown.render(hostile_report())
    html = _GFM.render(re.sub(r"</?(details|summary)>|<!-- quell -->", "", text))
    rows = [line for line in text.splitlines() if line.startswith("| [Q")]

    assert "<script" not in html
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 6 for row in rows)
    assert not re.search(r"@all", re.sub(r"<code.*?</code>", "", html, flags=re.DOTALL))
