"""A project in which what the documentation shows can be done."""

import atexit
import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent.parent
SHOP, DESK = (Path(__file__).resolve().parent / name for name in ("shop_project", "desk_project"))
_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_NEEDLESS = ("anyio", "asyncio", "faker", "hypothesispytest")
# Each program is Python with these arguments.
PROGRAMS = {
    "python": [],
    "quell": ["-m", "quell"],
    # Plugins that no page is about take as long to load as a short run.
    "pytest": ["-m", "pytest", *(f"-pno:{name}" for name in ("cacheprovider", *_NEEDLESS))],
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

    def run(self, *command: str) -> "CompletedProcess[str]":
        """Run a command, whose first word is one of the programs."""
        return run_in(self.folder, *command)

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


def run_in(folder: Path, *command: str) -> "CompletedProcess[str]":
    """Run a command in a folder, in a process that need not import Django first."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    kept = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    with TemporaryDirectory() as printed:
        out, err = (Path(printed) / name for name in ("out", "err"))
        asked = {
            "arguments": [*PROGRAMS[command[0]], *command[1:]],
            "cwd": str(folder),
            "env": kept | {"PATH": path, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{folder}"},
            "out": str(out),
            "err": str(err),
        }
        status = _ask(json.dumps(asked))
        return CompletedProcess(command, status, out.read_text(), err.read_text())


def _ask(line: str) -> int:
    process = _warm()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
    return int(process.stdout.readline())


@cache
def _warm() -> "subprocess.Popen[str]":
    """Return the process that all commands of this test run are copies of."""
    kept = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("warm.py"))],
        env=kept | {"PYTHONPATH": str(ROOT / "src")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def close() -> None:
        with process:
            pass

    atexit.register(close)
    return process


def blocks_of(page: Path, language: str) -> list[str]:
    """Return the blocks of a page in one language, without what they are indented by."""
    found = []
    for indent, name, body in _BLOCK.findall(page.read_text()):
        if name == language:
            found.append("".join(line.removeprefix(indent) for line in body.splitlines(keepends=True)))
    return found
