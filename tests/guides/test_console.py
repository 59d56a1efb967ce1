"""
What the pages of the documentation tell to run can be run, and ends as they say.

These are whole runs of commands, one after the other: the matrix leaves them out where Django is not the newest.
"""

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from tests.guides.desk import PROGRAMS, ROOT, Desk, blocks_of

DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
# What needs this repository, another host, or a release.
_THEIRS = ("make ", "git ", "pip ")
_PLACES = {"/var/log/nginx/access.log": "access.log"}
# The exit status of each command of a page, in order: 1 where something is found that is neither silenced nor known.
_EXITS = {
    "README": (1, 0, 0, 1, 1, 0, 0, 1, 0),
    # The last one runs the tests, whose findings the baseline of the pages does not know.
    "ci": (0, 0, 1),
    "fix": (1, 0, 0),
    "migrating": (0,),
    "profile": (1, 1, 1, 1, 1, 1),
    "recording": (0, 0, 0),
    "reports": (1, 1, 0, 0, 0),
    "silencing": (0, 0),
    "testing": (1, 0, 0),
}
# Run by test_pages.py, in the steps that they belong to.
_ELSEWHERE = {"production": ("python manage.py migrate", "python manage.py quell fold")}


def _lines(page: Path) -> list[str]:
    lines = "".join(blocks_of(page, "console")).splitlines()
    return [line.removeprefix("$ ") for line in lines if line]


def _page(stem: str) -> Path:
    return next(page for page in PAGES if page.stem == stem)


@pytest.mark.parametrize("stem", _EXITS)
def test_commands_of_a_page_run(desk: Desk, stem: str) -> None:
    """Each command of the page runs, and its exit status is the one that the documentation says."""
    lines = [line for line in _lines(_page(stem)) if not line.startswith(_THEIRS)]
    for line, status in zip(lines, _EXITS[stem], strict=True):
        done = desk.run(*(_PLACES.get(word, word) for word in shlex.split(line, comments=True)))
        assert done.returncode == status, f"{line}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr, f"{line}\n{done.stderr}"


def test_check_of_a_recording_exits_1_where_it_has_drifted(desk: Desk) -> None:
    """As the comment behind the line says."""
    record, _, _, check = _lines(_page("recording"))
    desk.run(*shlex.split(record, comments=True))
    file = desk.folder / "plans.json"
    file.write_text(file.read_text().replace("tickets.views:customer_of_each_ticket", "tickets.views:gone"))

    assert desk.run(*shlex.split(check, comments=True)).returncode == 1


def test_no_command_is_left_out() -> None:
    """A page with a command that can run is among those above, and a program that nobody knows is a mistake."""
    for page in PAGES:
        for line in _lines(page):
            assert line.startswith(_THEIRS) or line.split()[0] in PROGRAMS, f"{page.name}: {line}"
            is_tried = page.stem in _EXITS or line in _ELSEWHERE.get(page.stem, ())
            assert is_tried or line.startswith(_THEIRS), f"{page.name}: {line}"


def test_extras_that_are_installed_exist() -> None:
    """Each extra that a page installs is one of the distribution."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    found = {
        name for page in PAGES for line in _lines(page) for name in re.findall(r"django-quell\[(\w+)\]", line)
    }

    assert found
    assert found <= extras.keys()


def test_targets_of_make_exist() -> None:
    """Each target that a page names is one of the Makefile."""
    makefile = (ROOT / "Makefile").read_text()
    for page in PAGES:
        for line in _lines(page):
            if line.startswith("make "):
                assert re.search(rf"^{line.split()[1]}:", makefile, re.MULTILINE), line
