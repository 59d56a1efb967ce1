"""
The commands of the tutorial, in order, in a project that is here: its own needs the package index (``make adopt``).

The project has a page with two needless loads, another one that only a test shows, and a user.
"""

import re
import shlex

from tests.guides.desk import ROOT, Desk, blocks_of

PAGE = ROOT / "docs" / "tutorial.md"
# What the tutorial has, and what stands for it here.
_HERE = {
    "site_": "config",
    "/todo/mine/": "/orders/",
    "/todo/1/hub/": "/tickets/customers/",
    "--user staff": "--user ada",
}
_TESTS = """
import pytest
from tickets.filling import add_tickets


@pytest.fixture
def home(db):
    add_tickets(3)


def test_list_shows_its_tickets(client, home):
    assert len(client.get("/tickets/customers/").json()) == 3
"""
# What each step ends with: its exit status, and a text that it prints.
_ENDS = (
    (1, "2 findings, fix proven"),
    (0, "changed in"),
    (0, "nothing needless"),
    (0, "1 passed"),
    (1, "quell: 1 finding"),
    (0, "1 queryset changed in 1 file"),
    (0, "1 passed"),
    (1, "3 findings, 3 with a proven fix"),
    (0, "known, and let pass by quell-baseline.json"),
    (0, "known, and let pass by quell-baseline.json"),
)


def _here(text: str) -> str:
    for theirs, ours in _HERE.items():
        text = text.replace(theirs, ours)
    return text


def _commands() -> list[str]:
    """Return what the tutorial types, without its second application, which is the same again."""
    text = "".join(blocks_of(PAGE, "text")[:4])
    return [_here(line) for line in re.findall(r"^\$ (.*)$", text, re.MULTILINE)]


def test_tutorial_can_be_followed(desk: Desk) -> None:
    """The line of settings, the file for pytest, and each command do what the tutorial says."""
    settings = desk.folder / "config" / "settings.py"
    settings.write_text(settings.read_text().replace('["tickets", "quell"]', '["tickets"]'))
    (ini,) = blocks_of(PAGE, "ini")
    (desk.folder / "pytest.ini").write_text(_here(ini))
    install, echo, *commands = _commands()
    assert install.startswith("pip install django_quell-")
    _, line, sign, file = shlex.split(echo)
    assert sign == ">>"
    desk.add(file, line)
    assert commands.count("cat test_todo.py") == 1
    (desk.folder / "test_todo.py").write_text(_TESTS)

    commands.remove("cat test_todo.py")
    for command, (status, text) in zip(commands, _ENDS, strict=True):
        done = desk.run(*shlex.split(command))
        assert done.returncode == status, f"{command}\n{done.stdout}{done.stderr}"
        assert text in done.stdout, f"{command}\n{done.stdout}"


def test_second_application_types_the_same() -> None:
    """The last part has no command that the first one has not."""
    (text,) = blocks_of(PAGE, "text")[4:]
    typed = re.findall(r"^\$ (.*)$", text, re.MULTILINE)

    assert [line.split("/")[0] for line in map(_here, typed)] == [
        line.split("/")[0] for line in _commands()[:3]
    ]
