"""``quell profile --command`` and ``--script``: runs in this process that leave nothing behind."""

import sys
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.db import connection

from tests.profiled.models import Customer, Ticket
from tests.profiling.conftest import Profile, Result

SCRIPT = """
import sys
from tests.profiled.models import Customer, Ticket

def show(rows):
    for row in rows:
        print(row.customer.name)

if __name__ == "__main__":
    show(Ticket.objects.order_by("pk"))
    for name in sys.argv[1:]:
        Customer.objects.create(name=name)
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A script that shows customers, and makes those that are named."""
    file = tmp_path / "show.py"
    file.write_text(SCRIPT)
    return file


def _page(result: Result) -> tuple[str, str, str, bool]:
    (page,) = result.document["pages"]
    return page["path"], page["kind"], page["problem"], page["is_broken"]


def test_command_is_watched_and_not_run_again(profile: Profile) -> None:
    """Its finding has the line of the command, and no proof."""
    result = profile("--command", "profiled_report")
    (finding,) = result.findings

    assert _page(result) == ("profiled_report", "command", "", False)
    assert (finding["count"], finding["suggestion"]) == (4, '.select_related("customer")')
    assert finding["origin"]["file"].endswith("profiled_report.py")
    assert finding["labels"] == ["profiled_report"]
    assert finding["proof"]["reason"] == "it ran once only: --prove runs it again, with the fixes"
    assert result.code == 1


def test_output_of_a_command_is_on_the_other_stream(profile: Profile) -> None:
    """The report is alone on its own."""
    result = profile("--command", "profiled_report")

    assert result.err.count("ticket 0 by customer 0") == 1


@pytest.mark.databases
def test_rows_of_a_command_are_rolled_back(profile: Profile) -> None:
    """Neither is what was committed kept."""
    profile("--command", "profiled_report --then=write")

    assert not Customer.objects.filter(name="written").exists()


@pytest.mark.databases
def test_command_that_reads_can_be_proven(profile: Profile) -> None:
    """What it prints is the same with the fix."""
    result = profile("--command", "profiled_report", "--prove")

    assert result.proofs == [("customer", "proven", "")]
    assert result.document["pages"][0]["queries"] == {"before": 5, "after": 1}


def test_command_that_writes_is_not_proven(profile: Profile) -> None:
    """That it prints the same would not say that it writes the same."""
    result = profile("--command", "profiled_report --then=write", "--prove")

    assert result.proofs == [
        ("customer", "not proven", "it writes rows, and what it prints is no proof that they are the same")
    ]


@pytest.mark.parametrize(
    ("then", "problem"),
    [
        ("fail", "raises CommandError: no paper"),
        ("exit3", "raises SystemExit: 3"),
    ],
)
def test_command_that_fails_is_a_problem(profile: Profile, then: str, problem: str) -> None:
    """It cannot be judged, and the run ends badly."""
    result = profile("--command", f"profiled_report --then={then}")

    assert _page(result) == (f"profiled_report --then={then}", "command", problem, True)
    assert result.code == 1


def test_command_that_exits_well_is_judged(profile: Profile) -> None:
    """An exit status of 0 is no failure."""
    result = profile("--command", "profiled_report --then=exit0")

    assert _page(result)[2:] == ("", False)
    assert len(result.findings) == 1


def test_schema_that_cannot_be_rolled_back_is_told(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the database commits at such a statement."""
    monkeypatch.setattr(type(connection.features), "can_rollback_ddl", False)
    (page,) = profile("--command", "profiled_report --then=alter").document["pages"]

    assert page["note"] == "changes the schema of default, which cannot be rolled back"


def test_schema_is_rolled_back_where_it_can_be(profile: Profile) -> None:
    """Then nothing is to be told."""
    (page,) = profile("--command", "profiled_report --then=alter").document["pages"]

    assert page["note"] == ""
    assert "profiled_made" not in connection.introspection.table_names()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--command", "profiled_repotr"], 'no command "profiled_repotr". Did you mean "profiled_report"?'),
        (["--command", ""], "--command is empty"),
        (["--command", "a 'b"], "cannot be read: No closing quotation"),
        (["--script", "nowhere.py"], "There is no script nowhere.py"),
        (["--command", "check", "/tickets/"], "--command goes without URL: that is for pages"),
        (["--script", "a.py", "--unused"], "--script goes without --unused: that is for pages"),
        (["--command", "check", "--", "pytest"], "are two things to profile: give one of them"),
        (["/tickets/", "--prove"], "--prove is for --command, --script and --task"),
        (["--har", "x.har", "/tickets/"], "--har names the pages already"),
        (["--command", "a", "--script", "b"], "not allowed with argument"),
    ],
)
def test_wrong_options_are_one_line(profile: Profile, arguments: list[str], message: str) -> None:
    """It says what to do instead."""
    with pytest.raises(CommandError) as caught:
        profile(*arguments)

    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_script_runs_as_python_runs_it(profile: Profile, script: Path) -> None:
    """It is the main module, has its arguments, and what it writes is rolled back."""
    before = list(sys.argv), list(sys.path), sys.modules["__main__"]
    result = profile("--script", f"{script} somebody")
    (finding,) = result.findings

    assert "customer 3" in result.err
    assert (finding["path"], finding["trigger"]["function"]) == ("customer", "show")
    assert _page(result) == (f"{script} somebody", "script", "", False)
    assert not Customer.objects.filter(name="somebody").exists()
    assert (sys.argv, sys.path, sys.modules["__main__"]) == before


def test_script_that_reads_can_be_proven(profile: Profile, script: Path) -> None:
    """A queryset of the script is known again in the next run."""
    assert profile("--script", str(script), "--prove").proofs == [("customer", "proven", "")]


def test_script_that_is_no_python_is_a_problem(profile: Profile, script: Path) -> None:
    """The line is named, and nothing breaks."""
    script.write_text("for")

    assert _page(profile("--script", str(script)))[2].startswith("raises SyntaxError: invalid syntax")


@pytest.mark.databases
def test_script_may_delete_everything(profile: Profile, script: Path) -> None:
    """The rows are there afterwards."""
    script.write_text("from tests.profiled.models import Ticket\nTicket.objects.all().delete()")
    profile("--script", str(script))

    assert Ticket.objects.count() == 4


def test_baseline_knows_findings_of_a_command(profile: Profile, tmp_path: Path) -> None:
    """As it does those of pages."""
    file = str(tmp_path / "known.json")

    assert profile("--command", "profiled_report", "--write-baseline", file).code == 0
    assert profile("--command", "profiled_report", "--baseline", file).code == 0


def test_script_may_fork(profile: Profile, script: Path) -> None:
    """What a process that it forks ends with is no second report, and takes nothing of the first one back."""
    forks = "if not os.fork():\n    sys.exit(3)\nassert os.waitstatus_to_exitcode(os.wait()[1]) == 3\n"
    script.write_text(f"import os, sys\n{forks}{SCRIPT}")
    result = profile("--script", str(script))

    assert _page(result)[2] == ""
    assert [finding["path"] for finding in result.findings] == ["customer"]


def test_script_may_print_bytes(profile: Profile, script: Path) -> None:
    """Its output has a buffer, as that of Python has, and takes the name of any file."""
    script.write_text("import sys\nprint('caf\\udce9')\nsys.stdout.buffer.write(b'\\xff end')\n")
    result = profile("--script", str(script))

    assert _page(result)[2] == ""
    assert result.err.splitlines() == ["caf\ufffd", "\ufffd end"]


def test_findings_are_not_logged_as_well(
    profile: Profile, script: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What a scope of the script's own finds is in the report, and nowhere else."""
    script.write_text(SCRIPT.replace("def show(rows)", "import quell\n\n@quell.watch()\ndef show(rows)"))

    assert len(profile("--script", str(script), "--prove").findings) == 1
    assert not caplog.records
