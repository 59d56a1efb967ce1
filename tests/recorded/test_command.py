"""``manage.py quell profile --record``: pages recorded, merged, compared."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import CommandError
from django.test import override_settings

from quell import FetchPlan
from quell.loading.recorded.comparing import compare
from quell.loading.recorded.entries import Entry, Recorded
from quell.loading.recorded.files import EMPTY, PlanFile
from quell.loading.recorded.origins import Origin
from tests.profiled.models import Ticket
from tests.profiled.rows import populate
from tests.profiling.conftest import Result, run_profile

pytestmark = pytest.mark.django_db

TITLES = "tests.profiled.views:_titles"
GOOD = "tests.profiled.views:good"


@pytest.fixture(autouse=True)
def _pages(db: None) -> Any:
    populate()
    with override_settings(ROOT_URLCONF="tests.profiled.urls", DEBUG=True):
        yield


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file that is not there yet."""
    return tmp_path / "plans.json"


def _record(file: Path, *arguments: str) -> Result:
    return run_profile(*arguments, "--record", str(file))


def _places(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text())["origins"]
    return found


def test_recording_writes_what_a_page_needs(file: Path) -> None:
    """A page that loads its customers one by one needs them joined, and the columns that it shows."""
    result = _record(file, "/tickets/")

    assert result.code == 0
    assert result.out == f"1 origin in {file}: 1 new, 0 changed, 0 dropped\n"
    assert _places(file) == {
        TITLES: [
            {
                "model": "profiled.Ticket",
                "code": "Ticket.objects.order_by('pk')",
                "plan": {"paths": ["customer"], "only": ["customer__*", "title"]},
            }
        ]
    }


def test_runs_add_to_the_file(file: Path) -> None:
    """A second run adds what it used, and takes nothing out."""
    _record(file, "/tickets/")
    result = _record(file, "/good/")

    assert result.out == f"2 origins in {file}: 1 new, 0 changed, 0 dropped\n"
    assert set(_places(file)) == {TITLES, GOOD}


def test_anew_starts_over(file: Path) -> None:
    """With ``--anew`` the file holds what this run used."""
    _record(file, "/tickets/")
    result = _record(file, "/good/", "--anew")

    assert result.out == f"1 origin in {file}: 1 new, 0 changed, 1 dropped\n"
    assert set(_places(file)) == {GOOD}


def test_check_passes_where_nothing_has_changed(file: Path) -> None:
    """What was recorded is up to date; an origin that is not visited is no drift."""
    _record(file, "/tickets/", "/good/")
    before = file.read_text()
    result = _record(file, "/tickets/", "--check")

    assert result.code == 0
    assert result.out == f"{file} is up to date; 1 origin of it not visited\n"
    assert file.read_text() == before


def test_check_fails_where_the_file_has_drifted(file: Path) -> None:
    """What is new, changed, and gone is named, and nothing is written."""
    _record(file, "/tickets/")
    document = json.loads(file.read_text())
    [entry] = document["origins"][TITLES]
    entry["plan"] = {"only": ["title"]}
    document["origins"]["tests.profiled.views:renamed"] = [{**entry, "code": ""}]
    file.write_text(json.dumps(document))
    result = _record(file, "/tickets/", "/good/", "--check")

    assert result.code == 1
    assert json.loads(file.read_text()) == document
    assert "new      tests.profiled.views:good: Ticket.objects.order_by('pk')" in result.out
    assert "changed  tests.profiled.views:_titles: Ticket.objects.order_by('pk')\n" in result.out
    assert "         + path customer\n" in result.out
    assert "gone     tests.profiled.views:renamed" in result.out
    assert "tests.profiled.views has no renamed" in result.out
    assert result.out.endswith(f"{file} has drifted in 3 origins: record again\n")


def test_page_that_cannot_be_judged_adds_nothing(file: Path) -> None:
    """A page that fails is a line of warning: what it read is not all that it reads."""
    result = _record(file, "/raises/", "/tickets/", "/bye/")

    assert set(_places(file)) == {TITLES}
    assert "/raises/" in result.err
    assert "/bye/ is excluded" in result.err


def test_recording_leaves_no_rows_behind(file: Path) -> None:
    """A page that writes is recorded, and what it wrote is undone."""
    count = Ticket.objects.count()
    _record(file, "/writes/")
    assert Ticket.objects.count() == count


def test_list_shows_pages_and_records_nothing(file: Path) -> None:
    """``--list`` prints what would be visited."""
    assert _record(file, "/tickets/", "--list").out == "/tickets/\n"
    assert not file.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--check",), "name its file with --record FILE"),
        (("--anew",), "name its file with --record FILE"),
        (("--record", "plans.txt"), "no file that ends in .json"),
        (("/tickets/", "--record", "nowhere/plans.json"), "cannot be written"),
        (("/tickets/", "--record", "nowhere/plans.json", "--check"), "does not exist"),
    ],
)
def test_wrong_options_say_what_to_do(arguments: tuple[str, ...], message: str) -> None:
    """What cannot be recorded is an error of usage, with the way out."""
    with pytest.raises(CommandError, match=message):
        run_profile(*arguments)


BOOKS = Origin("shop.views:books", "library.Book", "Book.objects.all()")
NOTES = Origin("shop.views:notes", "library.Note")
AUTHORS = Recorded(FetchPlan("author", only=["title", "author__name"]), ("reviews.count()",))
TITLE = Recorded(FetchPlan(only=["title"]))


def _file(**entries: Any) -> PlanFile:
    return PlanFile({BOOKS: Entry(origin=BOOKS, **entries)})


def _lines(
    plans: PlanFile, found: dict[Origin, Recorded], *, is_whole: bool = False, gone: str = ""
) -> list[str]:
    drift = compare(plans, found, is_whole=is_whole, vanished=lambda origin: gone)
    return "\n".join(drift.lines).splitlines()


def test_missing_parts_are_listed() -> None:
    """Each path, column and call that the file lacks has a line."""
    assert _lines(_file(recorded=TITLE), {BOOKS: AUTHORS}) == [
        "changed  shop.views:books: Book.objects.all()",
        "         + call reviews.count()",
        "         + column author__name",
        "         + path author",
    ]


def test_a_run_that_uses_less_is_no_drift_unless_it_is_the_whole() -> None:
    """Other runs may use the rest; with ``--anew`` this run is all there is."""
    assert _lines(_file(recorded=AUTHORS), {BOOKS: TITLE}) == []
    assert _lines(_file(recorded=AUTHORS), {BOOKS: TITLE}, is_whole=True) == [
        "changed  shop.views:books: Book.objects.all()",
        "         - call reviews.count()",
        "         - column author__name",
        "         - path author",
    ]


def test_columns_that_all_of_them_cover_are_no_drift() -> None:
    """``"*"`` stands for each column."""
    assert _lines(_file(recorded=Recorded(FetchPlan(only=["*"]))), {BOOKS: TITLE}) == []


def test_kept_entry_is_no_drift() -> None:
    """Somebody decided what it says."""
    assert _lines(_file(keep=True), {BOOKS: AUTHORS}, is_whole=True) == []


def test_wrong_and_vanished_entries_are_drift() -> None:
    """An entry that its model cannot load fails, visited or not, and so does one whose code is gone."""
    wrong = _file(recorded=Recorded(FetchPlan("autor")), keep=True)
    assert _lines(wrong, {BOOKS: TITLE})[0] == "wrong    shop.views:books: Book.objects.all()"
    assert _lines(wrong, {})[0] == "gone     shop.views:books: Book.objects.all()"
    assert _lines(_file(recorded=TITLE), {}, gone="there is no module shop") == [
        "gone     shop.views:books: Book.objects.all()",
        "         there is no module shop",
    ]


def test_origin_that_needs_nothing_is_not_new() -> None:
    """An observation without a plan asks for no entry."""
    assert _lines(EMPTY, {NOTES: Recorded()}) == []
