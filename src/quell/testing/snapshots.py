"""Snapshots of the queries of tests: what a file beside the tests says, what ran, and what is used no more."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from typing import Any

import pytest

from quell.events import QueryEvent
from quell.exceptions import UsageError
from quell.pipeline import watch
from quell.reporting.text import plural
from quell.sqltext.portable import portable
from quell.testing.asserting import finding_lines
from quell.testing.colouring import coloured_diff
from quell.testing.serving import served

FLAG = "--quell-update-snapshots"
_WORKER = "quell_snapshots"
_FOLDER = "__snapshots__"
_HEAD = f"# What the tests of {{module}} ask the database. Written by: pytest {FLAG}\n"
_SECTION = re.compile(r"^== (.*)$", re.MULTILINE)


def text_of(events: Iterable[QueryEvent]) -> str:
    """Return statements as lines, ``count x shape``, in the order in which each shape ran first."""
    by_alias: dict[str, Counter[str]] = {}
    for event in events:
        by_alias.setdefault(event.alias, Counter())[portable(event.sql)] += 1
    lines = []
    for alias in sorted(by_alias):
        if len(by_alias) > 1 or alias != "default":
            lines.append(f"-- {alias}")
        lines += [f"{count:>4} x {shape}" for shape, count in by_alias[alias].items()]
    return "\n".join(lines or ["   no query"])


@dataclass(slots=True)
class Snapshots:
    """
    The snapshots of a run, by the file of a module of tests and by the name of a part.

    Attributes:
        is_updating: Whether what ran is to be written.
        seen: What ran, of tests that passed.
        collected: The names of all tests of a module, where all were collected.
        passed: The names of the tests that passed.
    """

    is_updating: bool
    is_complete: bool = True
    seen: dict[str, dict[str, str]] = field(default_factory=dict)
    collected: dict[str, list[str]] = field(default_factory=dict)
    passed: dict[str, list[str]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def note(self, collected: Mapping[str, list[str]], passed: Mapping[str, list[str]]) -> None:
        """Note which tests there are, and which passed."""
        for target, given in ((self.collected, collected), (self.passed, passed)):
            for module, names in given.items():
                target.setdefault(module, []).extend(names)

    def take(self, module: str, key: str, text: str) -> None:
        """Keep what a part of a test ran."""
        self.seen.setdefault(module, {})[key] = text

    def hand_over(self, output: MutableMapping[str, Any]) -> None:
        """Put everything into what a worker sends to its controller."""
        output[_WORKER] = [self.seen, self.collected, self.passed]

    def add(self, output: Mapping[str, Any]) -> None:
        """Take in what a worker has; one that crashed sends nothing."""
        seen, collected, passed = output.get(_WORKER, ({}, {}, {}))
        for module, parts in seen.items():
            self.seen.setdefault(module, {}).update(parts)
        self.note(collected, passed)

    def finish(self) -> None:
        """Write what ran where that is asked for, and say what is used no more."""
        for module in sorted({*self.collected, *self.seen}):
            file = file_of(Path(module))
            try:
                known = read(file)
            except UsageError as error:
                # The test that compares with it has failed already.
                self.lines.append(str(error))
                continue
            stale = sorted(key for key in known if self._is_stale(module, key))
            if not self.is_updating:
                self.lines += [f"not used: {key} in {file.name}" for key in stale]
                continue
            wanted = {key: text for key, text in known.items() if key not in stale} | self.seen.get(
                module, {}
            )
            if wanted != known:
                changed = sum(known.get(key) != text for key, text in wanted.items())
                self.lines.append(f"{file.name}: {plural(changed, 'part')} written, {len(stale)} removed")
                write(file, Path(module).name, wanted)

    def _is_stale(self, module: str, key: str) -> bool:
        """Tell whether a part belongs to no test, or to one that passed without it."""
        if not self.is_complete or module not in self.collected:
            return False
        # A name may have a colon of its own: test_it[a: b].
        name = max(
            (each for each in self.collected[module] if f"{key}: ".startswith(f"{each}: ")), default=""
        )
        if not name:
            return True
        return name in self.passed.get(module, ()) and key not in self.seen.get(module, {})


class Snapshot:
    """The snapshots of one test; called, it gives a block whose queries are compared."""

    def __init__(self, item: pytest.Item, snapshots: Snapshots) -> None:
        self._item = item
        self._snapshots = snapshots
        self._names: set[str] = set()

    @contextmanager
    def __call__(self, name: str = "") -> Iterator[watch]:
        """
        Compare the queries of a block with those in the file beside the test.

        Args:
            name: Of the block, where a test has several.

        Raises:
            AssertionError: At the end of the block, if they differ, or nothing was written yet.
            UsageError: If two blocks of a test have one name.
        """
        __tracebackhide__ = True
        if name in self._names:
            msg = f'Two blocks of one test are called "{name}": give each quell_snapshot() a name of its own.'
            raise UsageError(msg)
        self._names.add(name)
        with watch(label=self._item.nodeid) as seen, served():
            yield seen
        # A part has one line for its name.
        key = ": ".join(filter(None, [name_of(self._item), " ".join(name.split())]))
        text = text_of(seen.queries)
        self._snapshots.take(str(self._item.path), key, text)
        if not self._snapshots.is_updating:
            self._compare(key, text, seen)

    def _compare(self, key: str, text: str, seen: watch) -> None:
        __tracebackhide__ = True
        file = file_of(self._item.path)
        expected = read(file).get(key)
        if expected == text:
            return
        if expected is None:
            msg = f"{file.name} has no snapshot of {key}. Run pytest with {FLAG} to write it:\n{text}"
            raise AssertionError(msg)
        diff = unified_diff(
            expected.splitlines(), text.splitlines(), "snapshot", "this run", lineterm="", n=2
        )
        head = f"{key} asks the database other things than its snapshot. If they are right: pytest {FLAG}"
        raise AssertionError("\n".join([head, *coloured_diff(diff), *finding_lines(seen.findings)]))


def name_of(item: pytest.Item) -> str:
    """Return the name of a test in its module."""
    return item.nodeid.partition("::")[2]


def file_of(module: Path) -> Path:
    """Return the file with the snapshots of a module of tests."""
    return module.parent / _FOLDER / f"{module.stem}.txt"


def read(file: Path) -> dict[str, str]:
    """
    Return the parts of a file by name; none where there is no file.

    Raises:
        UsageError: If it is no text in UTF-8.
    """
    if not file.exists():
        return {}
    try:
        pieces = _SECTION.split(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        msg = f"{file} is no text in UTF-8: restore it, or delete it and run pytest with {FLAG}."
        raise UsageError(msg) from error
    return {name: text.strip("\n") for name, text in zip(pieces[1::2], pieces[2::2], strict=True)}


def write(file: Path, module: str, parts: Mapping[str, str]) -> None:
    """Write the parts of a file in the order of their names; one without any is removed."""
    if not parts:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(exist_ok=True)
    text = "".join(f"\n== {name}\n{parts[name]}\n" for name in sorted(parts))
    file.write_text(_HEAD.format(module=module) + text, encoding="utf-8")
