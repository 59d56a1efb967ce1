"""
What a guide tells its reader to do, in order.

A ``python`` block that begins with the path of a file is that file; a ``diff`` block changes the file that its first
line names; each line of a ``console`` block is run, and exits with 0 unless ``# exits 1`` follows it; a ``text`` block
behind it shows lines of what it printed, in order.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"\$ (?P<command>.*?)(?:\s+# exits (?P<code>\d+))?$")


@dataclass(frozen=True)
class File:
    """A file to write."""

    path: str
    text: str


@dataclass(frozen=True)
class Change:
    """Lines of a file that become other lines."""

    path: str
    before: str
    after: str

    def of(self, text: str) -> str:
        """Return the changed text of the file; what is to be changed has to stand in it exactly once."""
        assert text.count(self.before) == 1, (
            f"{self.path} has {text.count(self.before)} times:\n{self.before}"
        )
        return text.replace(self.before, self.after)


@dataclass(frozen=True)
class Command:
    """A command to run, and the exit status that the reader is told."""

    line: str
    code: int


@dataclass(frozen=True)
class Output:
    """Lines of what the last commands printed."""

    lines: tuple[str, ...]


Step = File | Change | Command | Output


def steps_of(page: Path) -> Iterator[Step]:
    """Yield what a guide tells to do; examples that name no file are none of it."""
    for language, body in _BLOCK.findall(page.read_text()):
        if language == "python" and body.startswith("# "):
            first, _, text = body.partition("\n")
            yield File(first.removeprefix("# "), text)
        elif language == "diff":
            yield _change(body)
        elif language == "console":
            yield from _commands(body)
        elif language == "text":
            yield Output(tuple(line for line in body.splitlines() if line.strip()))


def _change(body: str) -> Change:
    first, *lines = body.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if not line.startswith("+"))
    after = "".join(line[1:] for line in lines if not line.startswith("-"))
    return Change(first.removeprefix("+++ ").strip(), before, after)


def _commands(body: str) -> Iterator[Command]:
    for line in body.splitlines():
        match = _COMMAND.match(line)
        assert match is not None, f"no command: {line}"
        yield Command(match["command"], int(match["code"] or 0))
