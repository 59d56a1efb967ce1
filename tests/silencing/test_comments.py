"""Comments that silence: in modules, in templates, on classes."""

import linecache
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

import quell
from tests.library.models import Book
from tests.silencing.conftest import Write, codes_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]

LOOP = """
def run():
    for book in Book.objects.order_by("pk"):{origin}
        str(book.author){trigger}
"""


def _watch(module: ModuleType) -> quell.watch:
    with quell.watch() as watch:
        module.run()
    return watch


@pytest.mark.parametrize("place", ["origin", "trigger"])
@pytest.mark.parametrize(
    "comment",
    [
        "# quell: ignore[Q101]",
        "#quell:ignore[Q101]",
        "# quell: ignore[n_plus_one] four rows at most",
        "# quell: ignore[Q104, Q101]",
        "# noqa: E501  # quell: ignore[Q101] why  # more",
        "# Quell: Ignore[Q101] größer wäre schöner ✓",
        "# quell: ignore[Q101] \N{EM DASH} why",
    ],
)
def test_comment_silences_its_line(write: Write, place: str, comment: str) -> None:
    """A comment that names the code silences the finding, where it was built and where it was caused."""
    texts = {"origin": "", "trigger": "", place: f"  {comment}"}

    assert codes_of(_watch(write(LOOP.format(**texts)))) == ([], ["Q101"])


def test_silenced_finding_has_reason_and_count(write: Write) -> None:
    """Silencing comes after analysis, so the count is that of all loads."""
    module = write(LOOP.format(origin="", trigger="  # quell: ignore[Q101] - four rows at most"))

    watch = _watch(module)

    (silenced,) = watch.silenced
    assert (silenced.by, silenced.reason) == ("comment", "four rows at most")
    assert silenced.where == f"{module.__file__}:{silenced.finding.trigger and silenced.finding.trigger.line}"
    assert (silenced.finding.path, silenced.finding.count) == ("author", 4)
    assert silenced.finding.suggestion == '.select_related("author")'


@pytest.mark.parametrize(
    "comment",
    [
        "",
        "# quell: ignore[Q102]",
        "# quell: finds ignore[Q101]",
        "# ignore[Q101]",
        "'# quell: ignore[Q101]'",
    ],
)
def test_comment_silences_nothing_else(write: Write, comment: str) -> None:
    """Another code, prose and a text that looks like a comment change nothing."""
    trigger = f"; x = {comment}" if comment.startswith("'") else f"  {comment}"

    watch = _watch(write(LOOP.format(origin="", trigger=trigger)))

    assert codes_of(watch) == (["Q101"], [])
    assert watch.outcome.complaints == ()


@pytest.mark.parametrize(
    ("comment", "complaint"),
    [
        ("# quell: ignore", 'names no code, and silences nothing: write "quell: ignore[Q101]"'),
        ("# quell: ignore[]", 'names no code, and silences nothing: write "quell: ignore[Q101]"'),
        ("# quell: ignore[Q1O1]", 'names the unknown code "Q1O1". Did you mean "Q101"?'),
        ("# quell: ignore[q101]", 'names the unknown code "q101". Did you mean "Q101"?'),
        ("# quell: ignroe[Q101]", 'says "ignroe", which means nothing: write "quell: ignore[Q101]"'),
    ],
)
def test_mistake_in_a_comment_is_told(write: Write, comment: str, complaint: str) -> None:
    """A comment that is too wide or misspelt silences nothing, and the report says so."""
    module = write(LOOP.format(origin="", trigger=f"  {comment}"))

    watch = _watch(module)

    assert codes_of(watch) == (["Q101"], [])
    (told,) = watch.outcome.complaints
    assert told.startswith(f"{module.__file__}:")
    assert told.endswith(f" {complaint}")
    assert complaint in watch.report()


def test_right_code_beside_a_wrong_one_counts(write: Write) -> None:
    """The wrong one is told, the right one silences."""
    watch = _watch(write(LOOP.format(origin="", trigger="  # quell: ignore[Q1O1,Q101]")))

    assert codes_of(watch) == ([], ["Q101"])
    assert len(watch.outcome.complaints) == 1


@pytest.mark.parametrize("line", range(5))
def test_any_line_of_a_statement_will_do(write: Write, line: int) -> None:
    """A statement over several lines takes the comment on each of them, also on one of its own."""
    lines = ["rows = list(", "    Book.objects", "    # why", "    .order_by('pk')", ")"]
    lines[line] += "  # quell: ignore[Q101]"
    body = "\n    ".join(lines)

    module = write(f"def run():\n    {body}\n    return [str(book.author) for book in rows]\n")

    assert codes_of(_watch(module)) == ([], ["Q101"])


@pytest.mark.parametrize(
    "body",
    [
        "# quell: ignore[Q101]\n    for book in Book.objects.all():\n        str(book.author)",
        "for book in Book.objects.all():\n        # quell: ignore[Q101]\n        str(book.author)",
        "for book in Book.objects.all():\n        x = book.title  # quell: ignore[Q101]\n        str(book.author)",
        "for book in Book.objects.all():\n        str(book.author)\n    return 1  # quell: ignore[Q101]",
    ],
)
def test_comment_silences_no_other_statement(write: Write, body: str) -> None:
    """A line above, a line between and a line behind are other statements."""
    assert codes_of(_watch(write(f"def run():\n    {body}\n"))) == (["Q101"], [])


def test_head_of_a_block_is_a_statement(write: Write) -> None:
    """The head of a ``for`` over several lines takes the comment at its colon."""
    body = "for book in Book.objects.order_by(\n        'pk'\n    ):  # quell: ignore[Q101]\n        str(book.author)"

    assert codes_of(_watch(write(f"def run():\n    {body}\n"))) == ([], ["Q101"])


def test_comment_hides_no_second_cause(write: Write) -> None:
    """Two relations of one queryset are two findings; a comment at one of the loads silences that one."""
    body = (
        "for book in Book.objects.all():\n"
        "        str(book.author)  # quell: ignore[Q101]\n        list(book.reviews.all())"
    )

    watch = _watch(write(f"def run():\n    {body}\n"))

    assert [item.path for item in watch.findings] == ["reviews"]
    assert watch.findings[0].suggestion == '.prefetch_related("reviews")'
    assert [item.finding.path for item in watch.silenced] == ["author"]


def test_other_lines_of_one_cause_are_counted_by_themselves(write: Write) -> None:
    """One relation that two lines load: the line without a comment is reported with its own count."""
    body = (
        "for book in Book.objects.order_by('pk'):\n"
        "        if book.title in ('Book 0', 'Book 1'):\n            str(book.author)  # quell: ignore[Q101]\n"
        "        else:\n            book.author.name"
    )

    watch = _watch(write(f"def run():\n    {body}\n"))

    (finding,) = watch.findings
    (silenced,) = watch.silenced
    assert (finding.count, silenced.finding.count) == (2, 2)
    assert finding.trigger is not None
    assert "author.name" in linecache.getline(finding.trigger.file, finding.trigger.line)


def test_other_lines_below_the_threshold_are_no_finding(write: Write) -> None:
    """One load that is left is no N+1."""
    body = (
        "for book in Book.objects.order_by('pk'):\n"
        "        if book.title != 'Book 0':\n            str(book.author)  # quell: ignore[Q101]\n"
        "        else:\n            book.author.name"
    )

    assert codes_of(_watch(write(f"def run():\n    {body}\n"))) == ([], ["Q101"])


def test_second_hop_behind_a_silenced_one_is_reported(write: Write) -> None:
    """The path still leads from the root, and counts its own loads only."""
    body = (
        "for book in Book.objects.order_by('pk'):\n"
        "        author = book.author  # quell: ignore[Q101]\n        str(author.country)"
    )

    watch = _watch(write(f"def run():\n    {body}\n"))

    assert [(item.path, item.count) for item in watch.findings] == [("author__country", 4)]
    assert [(item.finding.path, item.finding.count) for item in watch.silenced] == [("author", 4)]


def test_loop_is_silenced_at_its_line(write: Write) -> None:
    """A query in a loop has one line, which silences it."""
    body = "for pk in range(4):\n        Book.objects.filter(pk=pk).first()  # quell: ignore[Q102]"

    assert codes_of(_watch(write(f"def run():\n    {body}\n"))) == ([], ["Q102"])


def test_file_with_a_coding_line_is_read(write: Write) -> None:
    """The comment is read as Python reads the file."""
    module = write(LOOP.format(origin="", trigger="  # quell: ignore[Q101] für später"))
    assert module.__file__ is not None
    rest = Path(module.__file__).read_text().split("\n", 1)[1]
    Path(module.__file__).write_bytes(f"# -*- coding: latin-1 -*-\n{rest}".encode("latin-1"))
    vars(module)["Book"] = Book

    assert _watch(module).silenced[0].reason == "für später"


def test_file_that_is_gone_silences_nothing(write: Write) -> None:
    """A module whose source was deleted is judged without comments."""
    module = write(LOOP.format(origin="", trigger="  # quell: ignore[Q101]"))
    assert module.__file__ is not None
    Path(module.__file__).unlink()
    linecache.clearcache()

    assert codes_of(_watch(module)) == (["Q101"], [])


def test_code_without_a_file_silences_nothing() -> None:
    """What ``exec()`` runs has no lines to read."""
    names: dict[str, object] = {"Book": Book, "__name__": "made"}
    exec(compile(LOOP.format(origin="", trigger="  # quell: ignore[Q101]"), "<stdin>", "exec"), names)
    module = ModuleType("made")
    vars(module).update(names)

    assert codes_of(_watch(module)) == (["Q101"], [])


def test_broken_source_silences_nothing(write: Write) -> None:
    """A file that was edited into something unreadable since it was loaded breaks nothing."""
    module = write(LOOP.format(origin="", trigger=""))
    assert module.__file__ is not None
    Path(module.__file__).write_text("x = (((\n'''\n# quell: ignore[Q101]\n")

    assert codes_of(_watch(module)) == (["Q101"], [])


def test_zipped_module_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The source inside of an archive is asked of its loader."""
    source = "from tests.library.models import Book\n" + LOOP.format(
        origin="", trigger="  # quell: ignore[Q101]"
    )
    archive = tmp_path / "code.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("zipped_module.py", source)
    monkeypatch.syspath_prepend(str(archive))
    module = __import__("zipped_module")
    try:
        assert codes_of(_watch(module)) == ([], ["Q101"])
    finally:
        del sys.modules["zipped_module"]
