"""``manage.py quell fix`` over a project in files."""

import importlib.util
import os
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from tests.fixing.project import Project

WAY_BACK = (
    "{% if book.reviews_count is None %}{{ book.reviews.count }}{% else %}{{ book.reviews_count }}{% endif %}"
)
LEFT = {
    "Q101 shop.Book author": {
        "the file says that it is generated",
        "the line builds 2 querysets of shop.Book, and only one of them is to change",
    },
    "Q101 shop.Book reviews": {
        "posted() also takes other requests or writes, and what is loaded would be out of date",
        "other code than a view builds the queryset, and what that does with the rows is not known",
    },
    "Q101 shop.Book tags": {
        "the project uses the name tags_count already, so what a row holds by it is not known",
    },
    "Q102 shop.Author": {
        "not proven: only other code helps here, so there is nothing that a rerun could try"
    },
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with rows."""
    project = Project(tmp_path_factory.mktemp("shop"))
    project.prepare()
    return project


@pytest.fixture
def project(prepared: Project, tmp_path: Path) -> Project:
    """A copy of the project."""
    folder = tmp_path / "shop"
    folder.mkdir()
    found = Project(folder)
    shutil.copy(prepared.folder / "db.sqlite3", folder)
    return found


def _left(output: str) -> dict[str, set[str]]:
    """Return the reasons why findings were left, by what they are about."""
    found: dict[str, set[str]] = {}
    lines = output.splitlines()
    for line, why in pairwise(lines):
        if line.startswith("left "):
            found.setdefault(line.partition(": ")[2], set()).add(why.removeprefix("  why    "))
    return found


def test_fix_shows_what_it_would_write(project: Project) -> None:
    """Without --apply there is a diff, no file changes, and the exit status says that there is work."""
    before = project.texts()

    done = project.run("quell", "fix", "/joined/")

    assert "-    rows = Book.objects.order_by('title')\n" in done.stdout
    assert "+    rows = Book.objects.order_by('title').select_related(\"author\")\n" in done.stdout
    assert done.stdout.splitlines()[-1] == "1 queryset can be changed in 1 file; --apply writes them"
    assert (done.returncode, done.stderr, project.texts()) == (1, "", before)


def test_fix_writes_what_is_proven_and_names_the_rest(project: Project) -> None:
    """All that can be written safely is written, the rest has its reason, and a second run changes nothing."""
    done = project.run("quell", "fix", "--apply")
    after = project.texts()

    assert done.stdout.splitlines()[-1] == "6 querysets changed in 2 files; 6 findings left"
    assert _left(done.stdout) == LEFT
    views = after["shop/views.py"]
    assert 'Book.objects.filter(title__gt="").select_related("author")\n' in views
    assert "else book.reviews.count()\n" in views
    assert WAY_BACK in after["templates/list.html"]
    assert done.returncode == 1

    again = project.run("quell", "fix", "--apply")
    assert again.stdout.splitlines()[-1] == "nothing to change; 6 findings left"
    assert _left(again.stdout) == LEFT
    assert project.texts() == after


def test_fix_says_what_a_person_has_to_write(project: Project) -> None:
    """A fix of two places that is not made is printed whole: the queryset, and what the line is to read."""
    done = project.run("quell", "fix", "/posted/")

    lines = done.stdout.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("left "))
    assert lines[start + 2].startswith("  write  .annotate(reviews_count=Subquery(Review.objects.filter(")
    assert lines[start + 3].startswith("  read   .reviews_count at shop/views.py:")


def test_fix_leaves_what_does_not_run_as_it_is_written(project: Project) -> None:
    """A name that only looks like a queryset makes the page fail, in another process, and nothing is written."""
    file = project.folder / "shop" / "views.py"
    text = file.read_text().replace(
        "def joined(request):\n    rows = Book.objects.order_by('title')\n",
        "class Rows:\n    def filter(self):\n        return list(Book._meta.base_manager.all())\n\n\n"
        "def joined(request):\n    rows = Rows().filter()\n",
    )
    file.write_text(text)

    done = project.run("quell", "fix", "--apply", "/joined/")

    assert done.stdout.splitlines()[-1] == "nothing to change; 1 finding left"
    assert file.read_text() == text


def test_fix_needs_libcst(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without LibCST the command says in one line what to install; the rest of quell does not miss it."""
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "quell.management.commands.quell.find_spec", lambda name: None if name == "libcst" else find(name)
    )
    with (
        override_settings(DEBUG=True),
        pytest.raises(CommandError, match=r'pip install "django-quell\[fix\]"'),
    ):
        call_command("quell", "fix", "/")


def test_quell_works_without_libcst() -> None:
    """Nothing but the codemod imports LibCST, the command included."""
    code = (
        "import sys; sys.modules['libcst'] = None; import quell, quell.management.commands.quell;"
        "import quell.management.fixing.source"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
