"""Comments and patterns that silenced nothing, judged by the code that was at work."""

import sys
from pathlib import Path

import pytest
from django.template import Context, Engine

import quell
from quell.capture.seen import seen_code
from quell.findings import CODES
from quell.silencing.staleness import comment_remarks
from tests.library.models import Book
from tests.silencing.conftest import Write

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]


def _remarks(watch: quell.watch, codes: object = None) -> list[str]:
    seen = seen_code(watch.scope, watch.recording)
    return [
        remark for _, remark in comment_remarks(seen, watch.silenced, CODES if codes is None else ["Q102"])
    ]


def test_comment_in_code_at_work_is_judged(write: Write) -> None:
    """A function that ran a statement is judged as a whole; one that did not run is not."""
    module = write(
        "def run():\n    for book in Book.objects.select_related('author'):\n"
        "        str(book.author)  # quell: ignore[Q101]\n\n"
        "def other():\n    return 1  # quell: ignore[Q101]\n"
    )
    with quell.watch() as watch:
        module.run()

    assert _remarks(watch) == ["silenced nothing in this run: ignore[Q101]"]


def test_comment_that_silences_is_not_stale(write: Write) -> None:
    """Of two codes, the one that was of use is not named."""
    module = write(
        "def run():\n    for book in Book.objects.all():\n        str(book.author)  # quell: ignore[Q101, Q102]\n"
    )
    with quell.watch() as watch:
        module.run()

    assert _remarks(watch) == ["silenced nothing in this run: ignore[Q102]"]


def test_code_that_was_not_looked_for_is_not_judged(write: Write) -> None:
    """A rule that did not run could not have found anything."""
    module = write("def run():\n    list(Book.objects.all())  # quell: ignore[Q106]\n")
    with quell.watch() as watch:
        module.run()

    assert _remarks(watch, ["Q102"]) == []


def test_comment_on_a_line_of_its_own_is_told(write: Write) -> None:
    """It silences nothing ever, which is one remark and not two."""
    module = write("def run():\n    # quell: ignore[Q101]\n    list(Book.objects.all())\n")
    with quell.watch() as watch:
        module.run()

    assert _remarks(watch) == ["stands on a line of its own, and silences nothing: write it behind the code"]


def test_comment_in_a_rendered_template_is_judged(tmp_path: Path) -> None:
    """A template that ran a statement is judged as a whole."""
    (tmp_path / "list.html").write_text(
        "{% for book in books %}{{ book.title }}{# quell: ignore[Q101] #}{% endfor %}"
    )
    template = Engine(dirs=[str(tmp_path)]).get_template("list.html")
    with quell.watch() as watch:
        template.render(Context({"books": Book.objects.all()}))

    assert _remarks(watch) == ["silenced nothing in this run: ignore[Q101]"]


def test_same_code_in_two_checkouts_is_one_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fingerprint survives another folder, and lines that were added above."""
    source = "def run():\n    return [str(book.author) for book in Book.objects.all()]\n"
    found: list[tuple[str, str]] = []
    for number, head in enumerate(("", "\n\nx = 1\n")):
        root = tmp_path / f"checkout{number}"
        root.mkdir()
        (root / "moved_module.py").write_text(f"from tests.library.models import Book\n{head}{source}")
        with monkeypatch.context() as patch:
            patch.syspath_prepend(str(root))
            module = __import__("moved_module")
            del sys.modules["moved_module"]
            with quell.watch() as watch:
                module.run()
            found.extend((str(item.origin), item.fingerprint) for item in watch.findings)

    assert found[0][0] != found[1][0]
    assert found[0][1] == found[1][1]
