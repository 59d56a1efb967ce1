"""``quell_snapshot``: what is written, what is compared, and what is used no more."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from quell.exceptions import UsageError
from quell.testing import snapshots as module
from quell.testing.snapshots import Snapshot, Snapshots
from tests.asserting.running import run
from tests.library.models import Author, Country

_TESTS = """
def test_list(rows, quell_snapshot):
    with quell_snapshot():
        slow()

@pytest.mark.parametrize("name", ["a", "b"])
def test_named(rows, quell_snapshot, name):
    with quell_snapshot("count"):
        Country.objects.filter(name=name).count()
    with quell_snapshot("nothing"):
        pass
"""
_UPDATE = "--quell-update-snapshots"
_EXPECTED = """\
# What the tests of test_it.py ask the database. Written by: pytest --quell-update-snapshots

== test_list
   1 x SELECT ... FROM library_author
   3 x SELECT ... FROM library_country WHERE library_country.id = ? LIMIT ?

== test_named[a]: count
   1 x SELECT COUNT(*) AS __count FROM library_country WHERE library_country.name = ?

== test_named[a]: nothing
   no query

== test_named[b]: count
   1 x SELECT COUNT(*) AS __count FROM library_country WHERE library_country.name = ?

== test_named[b]: nothing
   no query
"""
# A snapshot of a test of that name in a module below the folder of this test.
Make = Callable[..., Snapshot]


def _file(folder: Path) -> Path:
    return folder / "__snapshots__" / "test_it.txt"


@pytest.fixture
def kept() -> Snapshots:
    """The snapshots of a run that writes."""
    return Snapshots(is_updating=True)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make what the fixture gives to a test."""

    def made(run_of: Snapshots, name: str = "test_a") -> Snapshot:
        item: Any = SimpleNamespace(path=tmp_path / "test_it.py", nodeid=f"test_it.py::{name}")
        return Snapshot(item, run_of)

    return made


def test_snapshots_of_a_run(tmp_path: Path) -> None:
    """What is missing fails and writes nothing; two workers write one file; what is gone is reported."""
    missing = run(tmp_path, _TESTS)
    assert "3 failed" in missing
    assert f"Run pytest with {_UPDATE} to write it" in missing
    assert not _file(tmp_path).exists()

    assert "3 passed" in run(tmp_path, _TESTS, _UPDATE, "-n", "2")
    assert _file(tmp_path).read_text() == _EXPECTED

    gone = _TESTS.replace("test_list", "test_other").replace(
        "quell_snapshot():\n        slow()", "quell_snapshot(): 1"
    )
    output = run(tmp_path, gone, "-n", "2")
    assert "1 failed, 2 passed" in output
    assert "not used: test_list in test_it.txt" in output


def _write(kept: Snapshots, folder: Path, names: list[str]) -> None:
    """End a run of some tests that all passed."""
    path = str(folder / "test_it.py")
    kept.note({path: names}, {path: names})
    kept.finish()


@pytest.mark.django_db
def test_difference_is_shown_as_one(make: Make, kept: Snapshots, tmp_path: Path) -> None:
    """What is new is marked, and the line with its fix stands behind."""
    for number in range(3):
        Author.objects.create(
            name=f"Author {number}", country=Country.objects.create(name=f"Country {number}")
        )
    with make(kept)():
        list(Author.objects.all())
    _write(kept, tmp_path, ["test_a"])

    with (
        pytest.raises(AssertionError, match=r"(?m)^\+   3 x SELECT \.\.\. FROM library_country") as caught,
        make(Snapshots(is_updating=False))(),
    ):
        [author.country.name for author in Author.objects.all()]

    assert '.select_related("country")' in str(caught.value)


@pytest.mark.django_db
def test_literals_do_not_matter(make: Make, kept: Snapshots, tmp_path: Path) -> None:
    """Other values of the same shape are no difference."""
    with make(kept)():
        Country.objects.filter(name="a").count()
    _write(kept, tmp_path, ["test_a"])

    with make(Snapshots(is_updating=False))() as watch:
        Country.objects.filter(name="b").count()

    assert len(watch.queries) == 1


@pytest.mark.django_db
async def test_block_works_in_coroutines(make: Make, kept: Snapshots) -> None:
    """Async queries of the block are in the snapshot."""
    with make(kept)():
        await Country.objects.acount()

    (parts,) = kept.seen.values()
    assert parts == {"test_a": "   1 x SELECT COUNT(*) AS __count FROM library_country"}


def test_block_that_fails_is_no_snapshot(make: Make, kept: Snapshots) -> None:
    """Half of a block is not written."""
    with pytest.raises(KeyError), make(kept)():
        raise KeyError("its own")

    assert kept.seen == {}


def test_two_blocks_need_names(make: Make, kept: Snapshots) -> None:
    """Two blocks of one name would overwrite each other."""
    snapshot = make(kept)
    with snapshot(), snapshot("other"):
        pass
    with pytest.raises(UsageError, match="give each"), snapshot():
        pass


@pytest.mark.parametrize(
    ("collected", "passed", "is_complete", "left"),
    [
        (["test_a", "test_b"], ["test_a", "test_b"], True, ["test_a"]),
        (["test_a", "test_b"], ["test_a"], True, ["test_a", "test_b: part"]),
        (["test_a"], ["test_a"], True, ["test_a"]),
        (["test_a"], ["test_a"], False, ["test_a", "test_b: part"]),
    ],
    ids=["passed without it", "did not pass", "is gone", "was not asked for"],
)
def test_what_is_used_no_more_is_removed(
    tmp_path: Path, make: Make, collected: list[str], passed: list[str], is_complete: bool, left: list[str]
) -> None:
    """A part goes with its test, or where that passed without it, and stays where nobody can know."""
    module.write(_file(tmp_path), "test_it.py", {"test_a": "   no query", "test_b: part": "   no query"})
    kept = Snapshots(is_updating=True, is_complete=is_complete)
    with make(kept)():
        pass
    path = str(tmp_path / "test_it.py")
    kept.note({path: collected}, {path: passed})
    kept.finish()

    assert list(module.read(_file(tmp_path))) == left


def test_workers_hand_over_plain_values(make: Make, kept: Snapshots) -> None:
    """What a worker sends is what its controller has afterwards; one that crashed sends nothing."""
    with make(kept)():
        pass
    kept.note({"a.py": ["test_a"]}, {"a.py": ["test_a"]})
    output: dict[str, Any] = {}
    kept.hand_over(output)
    controller = Snapshots(is_updating=True)
    controller.add(output)
    controller.add({})

    assert (controller.seen, controller.collected, controller.passed) == (
        kept.seen,
        kept.collected,
        kept.passed,
    )


_COLONS = """
@pytest.mark.parametrize("name", ["a: b", "c"])
def test_named(rows, quell_snapshot, name):
    with quell_snapshot("of: two\\nlines"):
        pass
"""


def test_names_may_hold_colons_and_lines(tmp_path: Path) -> None:
    """What a test of such a name wrote is compared, and kept by a run that leaves the test out."""
    assert "2 passed" in run(tmp_path, _COLONS, _UPDATE)
    before = _file(tmp_path).read_text()
    assert "\n== test_named[a: b]: of: two lines\n" in before

    assert "not used" not in run(tmp_path, _COLONS, "--deselect", "test_it.py::test_named[a: b]")
    assert "1 passed" in run(tmp_path, _COLONS, _UPDATE, "--deselect", "test_it.py::test_named[a: b]")
    assert _file(tmp_path).read_text() == before
    assert "2 passed" in run(tmp_path, _COLONS)


def test_file_that_is_no_utf_8_is_one_line(tmp_path: Path) -> None:
    """It is named, with what to do."""
    file = tmp_path / "test_it.txt"
    file.write_bytes(b"== test\n\xff\xfe")

    with pytest.raises(UsageError, match=r"test_it\.txt is no text in UTF-8: restore it, or delete it"):
        module.read(file)
