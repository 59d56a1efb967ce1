"""Findings as annotations of GitHub Actions."""

from quell.reporting import github
from tests.reporting.samples import hostile_report, report


def test_finding_is_a_warning_on_its_line() -> None:
    """The path is that of the repository."""
    first = github.render(report()).splitlines()[0]

    assert first.startswith(
        "::warning file=shop/views.py,line=7,title=Q101 n_plus_one%3A shop.Ticket customer::4 tickets"
    )
    assert first.endswith("%0Ahttps://django-quell.readthedocs.io/en/stable/findings/Q101.html")


def test_advice_is_a_notice() -> None:
    """It fails nothing."""
    assert "::notice file=shop/templates/tickets.html,line=3,title=Q104" in github.render(report())


def test_page_that_was_not_judged_is_a_notice_without_a_file() -> None:
    """The reason is its text."""
    assert "::notice title=quell did not judge /raises/::raises ValueError: no" in github.render(report())


def test_file_outside_of_the_repository_is_left_out() -> None:
    """A host could not show it."""
    assert github.render(report(root="/elsewhere")).startswith("::warning title=")


def test_no_name_begins_a_command_of_its_own() -> None:
    """Each finding and each page is one line, and no property ends before its end."""
    lines = github.render(hostile_report()).split("\n")

    assert [line.partition(" ")[0] for line in lines] == ["::warning", "::notice"]
    for line in lines:
        head = line.removeprefix("::").partition("::")[0]
        assert {part.partition("=")[0] for part in head.partition(" ")[2].split(",")} <= {
            "file",
            "line",
            "title",
        }
