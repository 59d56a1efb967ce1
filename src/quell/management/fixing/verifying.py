"""Proof of the code as it is written: a process of its own runs it, before any file is touched."""

import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from django.conf import settings
from django.db import connections

from quell.advice.comparison import UNSTABLE, Mask
from quell.management.fixing.changes import Change
from quell.management.fixing.child import Job, Seen, databases
from quell.management.fixing.source import CannotFixError, Source

# A project that hangs when it starts must not hang the command.
TIMEOUT_SECONDS = 600.0
_CODE = "from quell.management.fixing.child import main; main()"

Texts = Mapping[Path, tuple[Source, str]]


class CannotRunError(Exception):
    """Why no other process can visit the pages."""


class Verifier:
    """
    Visits pages with and without changes, each time in a process of its own.

    Args:
        user: Who visits, as ``--user`` names them, or nobody.
        texts_of: Returns the files that some changes touch, with their new text.
    """

    def __init__(self, user: str, texts_of: Callable[[Sequence[Change]], Texts]) -> None:
        self._user = user
        self._texts_of = texts_of
        self._controls: dict[str, Seen] = {}
        # Of each page: the queries unchanged, and with the changes that were looked at last.
        self.queries: dict[str, tuple[int, int]] = {}

    def select(self, changes: Sequence[Change]) -> dict[int, str]:
        """
        Return which changes do not hold, by their positions, and why; the others hold together.

        Args:
            changes: In the order in which they are tried where not all of them hold together.

        Raises:
            CannotRunError: If no other process can visit the pages.
        """
        self._look_unchanged([url for change in changes for url in change.urls])
        reasons = self._problems(changes, range(len(changes)))
        if not reasons:
            return {}
        good = [number for number in range(len(changes)) if number not in reasons]
        if self._problems(changes, good):
            good = []
        for number in range(len(changes)):
            if number in good:
                continue
            found = self._problems(changes, [*good, number])
            if found:
                reasons[number] = found.get(number) or next(iter(found.values()))
            else:
                reasons.pop(number, None)
                good.append(number)
        return reasons

    def _look_unchanged(self, urls: Sequence[str]) -> None:
        unknown = [url for url in urls if url not in self._controls]
        if unknown:
            self._controls |= self._visit(unknown, {})
        if not self._controls:
            msg = "the settings name another database than this process uses"
            raise CannotRunError(msg)

    def _problems(self, changes: Sequence[Change], numbers: Sequence[int]) -> dict[int, str]:
        """Return what speaks against some changes when all of them are made."""
        if not numbers:
            return {}
        chosen = [changes[number] for number in numbers]
        try:
            texts = self._texts_of(chosen)
        except CannotFixError as error:
            return dict.fromkeys(numbers, str(error))
        written = {str(path.resolve()): source.encoded(text) for path, (source, text) in texts.items()}
        try:
            seen = self._visit([url for change in chosen for url in change.urls], written)
        except CannotRunError as error:
            return dict.fromkeys(numbers, f"with the change {error}")
        judged = {number: self._judge(changes[number], seen) for number in numbers}
        return {number: reason for number, reason in judged.items() if reason}

    def _judge(self, change: Change, seen: Mapping[str, Seen]) -> str:
        for url in change.urls:
            problem = self._judge_page(change, url, seen[url])
            if problem:
                return f"{url}: {problem}"
        return ""

    def _judge_page(self, change: Change, url: str, fixed: Seen) -> str:
        control = self._controls[url]
        if control.problem:
            return f"in a process of its own the page {control.problem}"
        if fixed.problem:
            return f"as it is written, the page {fixed.problem}"
        try:
            mask = Mask(*control.outputs)
            difference = mask.difference(fixed.outputs[0])
            if difference:
                # The clock may have gone on since.
                mask.learn(self._visit([url], {})[url].outputs[0])
                difference = mask.difference(fixed.outputs[0])
        except (ValueError, IndexError):
            return UNSTABLE
        if difference:
            return f"as it is written, the output differs: {difference}"
        # A join that goes saves bytes, and no query.
        most = control.queries if change.unit.unused else control.queries - 1
        if fixed.queries > most:
            word = "more" if change.unit.unused else "no fewer"
            numbers = f"{fixed.queries} instead of {control.queries}"
            return f"as it is written, there are {word} queries: {numbers}"
        self.queries[url] = control.queries, fixed.queries
        left = patterns_of(change) & fixed.patterns
        return f"as it is written, the pattern is still there: {sorted(left)[0][2]}" if left else ""

    def _visit(self, urls: Sequence[str], texts: Mapping[str, bytes]) -> dict[str, Seen]:
        job = Job(
            settings=os.environ.get("DJANGO_SETTINGS_MODULE", ""),
            search_path=tuple(sys.path),
            urls=tuple(dict.fromkeys(urls)),
            user=self._user,
            databases=databases(),
            texts=dict(texts),
        )
        with tempfile.TemporaryDirectory(prefix="quell-") as folder:
            file = Path(folder) / "job"
            file.write_bytes(pickle.dumps(job))
            return _run(file)


def patterns_of(change: Change) -> set[tuple[str, ...]]:
    """Return what a page must not show any more."""
    return {
        (item.code, item.model, item.path, item.origin.file, item.origin.function)
        for item in change.unit.all
        if item.origin is not None
    }


def obstacle() -> str:
    """Return why another process cannot see what this one sees, or an empty text."""
    if not os.environ.get("DJANGO_SETTINGS_MODULE") or not settings.configured:
        return "the settings are in no module"
    for alias in connections:
        connection = connections[alias]
        is_in_memory = getattr(connection, "is_in_memory_db", lambda: False)
        if is_in_memory():
            return "the database is in the memory of this process"
    return ""


def _run(file: Path) -> dict[str, Seen]:
    """
    Run a job.

    Raises:
        CannotRunError: If the process fails; the message has its last line.
    """
    variables = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        # Sets of texts are to have one order in all processes.
        "PYTHONHASHSEED": "0",
    }
    try:
        done = subprocess.run(
            [sys.executable, "-c", _CODE, str(file)],
            env=variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        msg = f"the project did not answer within {TIMEOUT_SECONDS:.0f} s"
        raise CannotRunError(msg) from error
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        msg = f"the project does not start: {last[0]}"
        raise CannotRunError(msg)
    answer: dict[str, Seen] = pickle.loads(file.with_suffix(".out").read_bytes())
    return answer
