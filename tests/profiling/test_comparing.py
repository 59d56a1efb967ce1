"""``quell diff`` and ``quell explain``: verbs that read files."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.profiling.conftest import Profile

Run = Callable[..., tuple[str, int]]
_TEXTS = ("fingerprint", "code", "kind", "level", "model", "path", "message", "suggestion", "docs")
_RECORD: dict[str, object] = {
    **dict.fromkeys(_TEXTS, "x"),
    "count": 1,
    "labels": [],
    "origin": None,
    "trigger": None,
}


def _report(record: dict[str, object]) -> str:
    return json.dumps(
        {"version": 1, "root": "/", "silenced": [], "pages": [], "known": [], "findings": [record]}
    )


@pytest.fixture
def run() -> Run:
    """Give a verb; it returns what was printed, and the exit status."""

    def run_verb(*arguments: str) -> tuple[str, int]:
        out = io.StringIO()
        try:
            call_command("quell", *arguments, stdout=out)
        except SystemExit as end:
            return out.getvalue(), int(end.code or 0)
        return out.getvalue(), 0

    return run_verb


@pytest.fixture
def reports(profile: Profile, tmp_path: Path) -> tuple[str, str]:
    """Two reports of real runs: one page more in the second."""
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    profile("/tickets/", "--output", str(old))
    profile("/tickets/", "/counts/", "--output", str(new))
    return str(old), str(new)


def test_diff_of_two_runs_fails_for_what_is_new(reports: tuple[str, str], run: Run) -> None:
    """The other way round it is what could not be seen."""
    old, new = reports

    assert run("diff", old, old) == ("0 new, 0 worse, 0 fixed, 1 same\n", 0)
    assert run("diff", old, new)[1] == 1
    assert run("diff", old, new)[0].startswith("new       Q101 profiled.Ticket comments  4 queries  ")
    assert run("diff", new, old)[0].startswith("not run   Q101 profiled.Ticket comments")
    assert run("diff", new, old)[1] == 0


def test_diff_can_be_written_to_a_file(reports: tuple[str, str], run: Run, tmp_path: Path) -> None:
    """Nothing is printed then."""
    file = tmp_path / "comment.md"
    found = run("diff", *reports, "--format", "markdown", "--output", str(file))

    assert found == ("", 1)
    assert file.read_text().startswith("<!-- quell -->\n")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"does not exist\. Write it with manage\.py quell profile --report json=report\.json\."),
        ("no", "is no JSON"),
        ("[]", "has no version"),
        (json.dumps({"version": 2}), "has version 2; this quell reads version 1"),
        (json.dumps({"version": 1}), "has a part that cannot be read: KeyError"),
        (_report({"fingerprint": "a", "count": 1}), "has a part that cannot be read: KeyError"),
        (_report({**_RECORD, "origin": "views.py:1"}), "has a part that cannot be read: TypeError"),
        (_report({**_RECORD, "labels": None}), "has a part that cannot be read: TypeError"),
        (_report({**_RECORD, "message": None}), "message is no text"),
        ("[" * 100_000, "is no JSON"),
    ],
)
def test_diff_of_what_is_no_report_is_one_line(
    run: Run, tmp_path: Path, content: str | None, message: str
) -> None:
    """It says what to do."""
    file = tmp_path / "report.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(CommandError, match=message) as caught:
        run("diff", str(file), str(file))

    assert caught.value.returncode == 2


@pytest.mark.parametrize("name", ["Q101", "n_plus_one"])
def test_explain_prints_the_page_of_a_code(run: Run, name: str) -> None:
    """By its code or its kind."""
    text, code = run("explain", name)

    assert code == 0
    assert text.startswith("Q101 n_plus_one\n\nTwo or more instances of one queryset")
    assert 'for ticket in Ticket.objects.select_related("customer"):' in text


def test_explain_without_a_code_lists_all_of_them(run: Run) -> None:
    """Each with what it means."""
    text, _ = run("explain")

    assert text.startswith("Q101  n_plus_one ")
    assert "Q107  unused_columns " in text


@pytest.mark.parametrize(
    ("name", "closest"), [("Q1O1", "Q101"), ("q104", "Q104"), ("n-plus-one", "n_plus_one")]
)
def test_explain_of_an_unknown_code_names_the_closest(run: Run, name: str, closest: str) -> None:
    """It ends as wrong usage does."""
    with pytest.raises(CommandError, match=f'There is no code "{name}". Did you mean "{closest}"?') as caught:
        run("explain", name)

    assert caught.value.returncode == 2
