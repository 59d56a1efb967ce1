"""A project in which what the documentation shows can be done."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SHOP, DESK = (Path(__file__).resolve().parent / name for name in ("shop_project", "desk_project"))
_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
PROGRAMS = {
    "python": [sys.executable],
    "quell": [sys.executable, "-m", "quell"],
    "pytest": [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"],
}
# In no file, as this test run would collect it.
_TESTS = """
import pytest
from tickets.filling import add_tickets


@pytest.mark.django_db
def test_each_ticket_has_a_customer(client):
    add_tickets(3)

    assert len(client.get("/tickets/customers/").json()) == 3
"""


class Desk:
    """A copy of the project, with rows in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def copy_to(self, folder: Path) -> "Desk":
        """Return a copy of this one as it is."""
        shutil.copytree(self.folder, folder)
        return Desk(folder)

    def fill(self) -> None:
        """Write the files and the rows."""
        folder = self.folder
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(SHOP, folder, ignore=ignored)
        shutil.copytree(DESK, folder, ignore=ignored, dirs_exist_ok=True)
        (folder / "tests").mkdir()
        (folder / "tests" / "test_pages.py").write_text(_TESTS)
        self.add("config/settings.py", 'INSTALLED_APPS += ["tickets", "quell"]')
        self.python("manage.py", "migrate", "--run-syncdb", "--verbosity", "0")
        self.python("manage.py", "fill")
        self.script("from tickets.filling import add_everything\nadd_everything()")

    def add(self, path: str, text: str) -> None:
        """Write text behind what a file holds."""
        file = self.folder / path
        file.write_text(f"{file.read_text()}\n{text}\n")

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command, whose first word is one of the programs."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        kept = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        return subprocess.run(
            [*PROGRAMS[command[0]], *command[1:]],
            cwd=self.folder,
            env=kept | {"PATH": path, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{self.folder}"},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def python(self, *arguments: str) -> str:
        """Run Python, and return what it printed; it has to end well."""
        done = self.run("python", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def script(self, text: str) -> str:
        """Run code in the project, in a file of its own, and return what it printed."""
        head = 'import os\nimport django\nos.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"\ndjango.setup()\n'
        (self.folder / "script.py").write_text(head + text)
        return self.python("script.py")


def blocks_of(page: Path, language: str) -> list[str]:
    """Return the blocks of a page in one language, without what they are indented by."""
    found = []
    for indent, name, body in _BLOCK.findall(page.read_text()):
        if name == language:
            found.append("".join(line.removeprefix(indent) for line in body.splitlines(keepends=True)))
    return found
