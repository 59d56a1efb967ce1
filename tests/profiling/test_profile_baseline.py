"""``quell profile`` with a baseline, and with what is silenced."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.test import override_settings
from django.urls import path

from quell.events import Location
from quell.silencing import comments
from quell.silencing.comments import Comment, Comments
from tests.profiled import views
from tests.profiling.conftest import Profile, run_profile

pytestmark = pytest.mark.django_db


@pytest.fixture
def known(tmp_path: Path) -> Iterator[Path]:
    """The file of the baseline, which does not exist yet."""
    with override_settings(BASE_DIR=tmp_path):
        yield tmp_path / "quell-baseline.json"


def _paths(file: Path) -> list[str]:
    return [f"{entry['model']} {entry['path']}" for entry in json.loads(file.read_text())["findings"]]


def test_written_baseline_lets_known_findings_pass(profile: Profile, known: Path) -> None:
    """Writing it ends well, and so do later runs; a finding that it does not hold fails them."""
    assert profile("/tickets/").code == 1

    written = profile("/tickets/", "--write-baseline")
    again = profile("/tickets/")
    more = profile("/tickets/", "/comments/")

    assert (written.code, again.code, more.code) == (0, 0, 1)
    assert "1 finding written to" in written.err
    assert "1 new, 0 dropped" in written.err
    assert (again.findings, [item["path"] for item in again.document["known"]]) == ([], ["customer"])
    assert sorted(item["path"] for item in more.findings) == ["author", "ticket"]
    assert _paths(known) == ["profiled.Ticket customer"]


def test_baseline_names_no_machine(profile: Profile, known: Path) -> None:
    """Neither a folder of this machine nor a line number is in the file."""
    profile("/tickets/", "--write-baseline")
    (entry,) = json.loads(known.read_text())["findings"]

    assert str(Path(__file__).parent.parent) not in known.read_text()
    assert entry["origin"] == "tests/profiled/views.py:_titles"
    assert entry["labels"] == ["GET /tickets/"]


def test_text_counts_known_findings_in_one_line(profile: Profile, known: Path) -> None:
    """No block is printed for them, and the summary counts new ones."""
    profile("/tickets/", "--write-baseline")

    lines = run_profile("/tickets/").out.splitlines()

    assert sum(line.startswith("Q101") for line in lines) == 0
    assert any(line.startswith("1 finding known, and let pass by ") for line in lines)
    assert lines[-1] == "1 page; 0 findings"


def test_stale_entry_is_told_and_dropped(profile: Profile, known: Path) -> None:
    """Judged when its page was visited; dropped by the next writing."""
    profile("/tickets/", "/comments/", "--write-baseline")
    document = json.loads(known.read_text())
    for entry in document["findings"]:
        if entry["path"] == "author":
            entry |= {"path": "editor", "fingerprint": "0" * 16}
    known.write_text(json.dumps(document))

    elsewhere = run_profile("/tickets/").out
    there = run_profile("/comments/").out
    rewritten = profile("/comments/", "--write-baseline")

    assert "which is gone" not in elsewhere
    assert "knows Q101 profiled.Comment editor in tests/profiled/views.py:comments, which is gone" in there
    assert "1 new, 1 dropped" in rewritten.err
    assert sorted(_paths(known)) == [
        "profiled.Comment author",
        "profiled.Comment ticket",
        "profiled.Ticket customer",
    ]


def test_page_that_fails_was_not_visited(profile: Profile, known: Path) -> None:
    """An entry of a page that raises today is neither stale nor dropped."""
    profile("/tickets/", "--write-baseline")
    document = json.loads(known.read_text())
    document["findings"][0]["labels"] = ["GET /raises/"]
    known.write_text(json.dumps(document))

    assert "which is gone" not in run_profile("/raises/").out
    profile("/raises/", "--write-baseline")
    assert _paths(known) == ["profiled.Ticket customer"]


def test_baseline_by_setting_and_by_option(profile: Profile, known: Path, tmp_path: Path) -> None:
    """Both name another file; a path in the setting is relative to the project."""
    other = tmp_path / "other.json"
    with override_settings(QUELL_BASELINE="set.json"):
        profile("/tickets/", "--write-baseline")
        assert profile("/tickets/").code == 0
    profile("/tickets/", "--write-baseline", str(other))

    assert sorted(file.name for file in tmp_path.iterdir()) == ["other.json", "set.json"]
    assert profile("/tickets/").code == 1
    assert profile("/tickets/", "--baseline", str(other)).code == 0


@pytest.mark.parametrize("arguments", [(), ("--write-baseline",)])
def test_broken_baseline_ends_the_command(profile: Profile, known: Path, arguments: tuple[str, ...]) -> None:
    """Nothing is visited, and nothing is overwritten."""
    known.write_text("{")

    with pytest.raises(CommandError, match="is no JSON") as caught:
        profile("/tickets/", *arguments)

    assert caught.value.returncode == 2
    assert known.read_text() == "{"


def test_named_baseline_that_is_missing_ends_the_command(profile: Profile, known: Path) -> None:
    """A name that leads nowhere is a mistake; the default name is none."""
    with pytest.raises(CommandError, match=r"does not exist\. Write it with"):
        profile("/tickets/", "--baseline", "nowhere.json")
    with (
        override_settings(QUELL_BASELINE="nowhere.json"),
        pytest.raises(CommandError, match=r"does not exist\. Write it with"),
    ):
        profile("/tickets/")


def test_url_is_no_name_of_a_baseline(profile: Profile, known: Path) -> None:
    """A URL behind the option does not become a file."""
    with pytest.raises(CommandError, match=r"write URLs in front of --write-baseline"):
        profile("--write-baseline", "/tickets/")


def test_silenced_findings_fail_nothing(profile: Profile, known: Path) -> None:
    """They are counted in one line, listed in JSON, and written to no baseline."""
    with override_settings(QUELL_IGNORE=[{"model": "profiled.Ticket", "reason": "old"}]):
        result = profile("/tickets/")
        text = run_profile("/tickets/").out
        profile("/tickets/", "--write-baseline")

    (silenced,) = result.document["silenced"]
    assert (result.code, result.findings) == (0, [])
    assert (silenced["by"], silenced["reason"]) == ("setting", "old")
    assert silenced["finding"]["path"] == "customer"
    assert "1 finding silenced: 1 by setting" in text
    assert _paths(known) == []


urlpatterns = [path("tickets/", views.tickets), path("good/", views.good)]


def test_pattern_that_silences_nothing_is_told(profile: Profile, known: Path) -> None:
    """After a run over all pages; a run over some of them does not know."""
    patterns = [{"model": "profiled.Ticket"}, {"model": "auth.*"}]
    with override_settings(QUELL_IGNORE=patterns, ROOT_URLCONF=__name__):
        assert profile().document["remarks"] == ["QUELL_IGNORE[1] silenced nothing in this run"]
        assert profile("/tickets/").document["remarks"] == []


@pytest.fixture
def commented(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put comments into the module of the views, as if they were written there."""
    source = Path(str(views.__file__)).read_text().splitlines()

    def line_of(text: str) -> int:
        return next(number for number, line in enumerate(source, 1) if text in line)

    made = tuple(
        Comment(
            file=str(views.__file__), line=line, codes=codes, first=line, last=line, complaints=complaints
        )
        for line, codes, complaints in (
            (line_of("Show each ticket with its customer") + 1, ("Q102",), ()),
            (line_of('f"{ticket.title} by {ticket.customer}" for ticket in Ticket.'), ("Q101", "Q104"), ()),
            (line_of("Show the same with a join") + 1, (), ("is wrong",)),
        )
    )
    by_line = {comment.line: (comment,) for comment in made}
    real = comments._comments_in

    def fake(file: str, stamp: int, is_template: bool) -> Comments:
        return Comments(made, by_line) if file == views.__file__ else real(file, stamp, is_template)

    monkeypatch.setattr(comments, "_comments_in", fake)


@pytest.mark.usefixtures("commented")
def test_comments_that_silence_nothing_are_told(profile: Profile, known: Path) -> None:
    """Each code by itself, in code that was at work only."""
    here = profile("/tickets/").document
    there = profile("/good/").document

    assert [item["by"] for item in here["silenced"]] == ["comment"]
    assert sorted(remark.partition(" ")[2] for remark in here["remarks"]) == [
        "silenced nothing in this run: ignore[Q102]",
        "silenced nothing in this run: ignore[Q104]",
    ]
    assert [remark.partition(" ")[2] for remark in there["remarks"]] == ["is wrong"]
    assert comments.comments_at(Location(str(views.__file__), 1, "f")) == ()
