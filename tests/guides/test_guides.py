"""Each step of each guide does what the guide says."""

import shlex
import shutil
from pathlib import Path

import pytest

from tests.guides.desk import ROOT, SHOP, run_in
from tests.guides.reading import Change, Command, File, Output, steps_of


class Reader:
    """Follows a guide in a project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.printed: list[str] = []
        shutil.copytree(SHOP, folder, ignore=shutil.ignore_patterns("__pycache__"))
        self.run(Command("python manage.py migrate --run-syncdb --verbosity 0", 0))
        self.run(Command("python manage.py fill", 0))

    def follow(self, step: File | Change | Command | Output) -> None:
        """Do what a step says."""
        if isinstance(step, File):
            (self.folder / step.path).write_text(step.text)
        elif isinstance(step, Change):
            path = self.folder / step.path
            path.write_text(step.of(path.read_text()))
        elif isinstance(step, Command):
            self.run(step)
        else:
            self.compare(step)

    def run(self, command: Command) -> None:
        """Run a command."""
        done = run_in(self.folder, *shlex.split(command.line, comments=True))
        assert done.returncode == command.code, f"{command.line}\n{done.stdout}{done.stderr}"
        self.printed = done.stdout.splitlines()

    def compare(self, output: Output) -> None:
        """Find the lines of an output in what was printed, in this order."""
        rest = iter([_evenly(line) for line in self.printed])
        for wanted in output.lines:
            is_there = any(_evenly(wanted) in line for line in rest)
            assert is_there, "\n".join([wanted, "is not, or not there, in", *self.printed])


def _evenly(line: str) -> str:
    """Return a line without its columns, whose widths depend on the other lines."""
    return " ".join(line.split())


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "howto").glob("*.md")), ids=lambda page: page.stem)
def test_guide_can_be_followed(page: Path, tmp_path: Path) -> None:
    """Files can be written, changes fit, commands end as they are said to, and print what is shown."""
    reader = Reader(tmp_path / "shop_project")
    steps = list(steps_of(page))

    assert any(isinstance(step, Command) for step in steps)
    for step in steps:
        reader.follow(step)
