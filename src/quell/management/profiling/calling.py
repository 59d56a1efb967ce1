"""Runs of management commands, scripts and tasks: in this process, in a transaction that is rolled back."""

import io
import json
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from types import CodeType, ModuleType

from django.core.management import call_command, get_commands
from django.db import connections
from django.db.transaction import TransactionManagementError
from django.utils.module_loading import import_string

from quell.advice.comparison import Output
from quell.advice.injection import boundary
from quell.exceptions import UsageError
from quell.management.profiling.catching import Caught, one_line
from quell.management.profiling.isolation import Aliases
from quell.management.profiling.visiting import Visit
from quell.reporting.report import Page, PageKind
from quell.silencing.codes import closest
from quell.wording.outcomes import LASTING, RAISES, RAISES_IN_RUN

_DDL = ("CREATE", "ALTER", "DROP", "TRUNCATE", "RENAME")


class Caller:
    """
    Calls something as often as it takes, and undoes what it wrote to databases.

    Args:
        name: How it is called in reports.
        kind: What it is.
        call: The call; what it prints to ``sys.stdout`` is its output.
    """

    def __init__(self, name: str, kind: PageKind, call: Callable[[], object], aliases: Aliases) -> None:
        self.name = name
        self.kind = kind
        self.printed = ""
        self._call = call
        self._aliases = aliases

    def visit(self, path: str) -> Visit:
        """Run it once, and undo what it wrote."""
        with self._aliases.rolled_back():
            return self._run()

    @contextmanager
    def together(self) -> Iterator[Callable[[str], Visit]]:
        """Give a way to run it for the first time: later runs of the block find what that one left."""
        with self._aliases.rolled_back():
            yield self._run_first

    def _run_first(self, path: str) -> Visit:
        with self._aliases.kept():
            return self._run()

    @boundary
    def _run(self) -> Visit:
        raw = io.BytesIO()
        # With a buffer, as some write bytes; a name of a file may be no Unicode.
        printed = io.TextIOWrapper(
            raw, encoding="utf-8", errors="surrogateescape", newline="", write_through=True
        )
        start = perf_counter()
        with redirect_stdout(printed), Caught() as caught:
            self._call()
        seconds = perf_counter() - start
        output = raw.getvalue()
        self.printed = output.decode(errors="replace")
        if caught.error is not None and not _is_success(caught.error):
            return Visit(Output(0), seconds, _problem(caught.error), is_broken=True)
        return Visit(Output(0, {}, output), seconds)


def command_caller(text: str, aliases: Aliases) -> Caller:
    """
    Return how to run a management command, from its name and arguments as one text.

    Raises:
        UsageError: If there is no such command.
    """
    name, *arguments = _words(text, "--command", '"rebuild_index --all"')
    known = get_commands()
    if name not in known:
        msg = f'There is no command "{name}". {closest(name, known, "The commands are")}'
        raise UsageError(msg)
    # Its own stream would be the one of now, and not the one that collects what is printed.
    return Caller(text, "command", lambda: call_command(name, *arguments, stdout=sys.stdout), aliases)


def script_caller(text: str, aliases: Aliases) -> Caller:
    """
    Return how to run a script, from its file and arguments as one text.

    Raises:
        UsageError: If there is no such file.
    """
    file, *arguments = _words(text, "--script", '"reports/monthly.py 2026-11"')
    if not Path(file).is_file():
        msg = f"There is no script {file}. Name a file of Python code."
        raise UsageError(msg)
    return Caller(text, "script", _Script(file, arguments), aliases)


def task_caller(text: str, aliases: Aliases) -> Caller:
    """
    Return how to run a task of Celery, or any function, from its dotted path and arguments as one text.

    Raises:
        UsageError: If there is no such task.
    """
    path, *words = _words(text, "--task", '"shop.tasks.rebuild 7"')
    try:
        task = import_string(path)
    except ImportError as error:
        msg = f"There is no task {path}: {error}. Name it as you import it, such as shop.tasks.rebuild."
        raise UsageError(msg) from error
    arguments = list(map(_value, words))
    if callable(getattr(task, "apply", None)):
        # At once and in this process, whatever the settings of the project say.
        return Caller(text, "task", lambda: task.apply(args=arguments, throw=True), aliases)
    if not callable(task):
        msg = f"{path} is no task: it cannot be called."
        raise UsageError(msg)
    return Caller(text, "task", lambda: task(*arguments), aliases)


def _value(word: str) -> object:
    try:
        return json.loads(word)
    except ValueError:
        return word


def changes_rows(page: Page) -> bool:
    """Tell whether any statement of a page was a write, or may have been one."""
    lanes = page.trace.lanes if page.trace is not None else ()
    return any(lane.operation != "select" for lane in lanes)


def with_notes(page: Page, caller: Caller) -> Page:
    """Return a page as what it is, and say where its rows could not be rolled back."""
    lanes = page.trace.lanes if page.trace is not None else ()
    lasting = sorted(
        {
            lane.alias
            for lane in lanes
            if lane.sql.upper().startswith(_DDL) and not connections[lane.alias].features.can_rollback_ddl
        }
    )
    changed = LASTING(aliases=", ".join(lasting)) if lasting else ""
    note = "; ".join(filter(None, (page.note, changed)))
    return replace(page, kind=caller.kind, note=note)


def _words(text: str, option: str, example: str) -> list[str]:
    try:
        found = shlex.split(text)
    except ValueError as error:
        msg = f"{option} {text} cannot be read: {error}. Write it as in a shell: {option} {example}"
        raise UsageError(msg) from error
    if not found:
        msg = f"{option} is empty. Write {option} {example}"
        raise UsageError(msg)
    return found


class _Script:
    """
    A file that runs as ``python file`` runs it.

    It is compiled once, unlike by ``runpy``: a rerun with a fix knows the querysets by the code that builds them.
    """

    def __init__(self, file: str, arguments: list[str]) -> None:
        self._file = Path(file).resolve()
        self._arguments = [file, *arguments]
        self._code: CodeType | None = None

    def __call__(self) -> None:
        if self._code is None:
            self._code = compile(self._file.read_bytes(), str(self._file), "exec")
        module = ModuleType("__main__")
        module.__file__ = str(self._file)
        before = sys.argv, list(sys.path), sys.modules["__main__"]
        sys.argv, sys.modules["__main__"] = self._arguments, module
        sys.path.insert(0, str(self._file.parent))
        try:
            # The file that somebody asked to run.
            exec(self._code, vars(module))
        finally:
            sys.argv, sys.path[:], sys.modules["__main__"] = before


def _is_success(error: BaseException) -> bool:
    return isinstance(error, SystemExit) and error.code in {None, 0}


def _problem(error: BaseException) -> str:
    told = one_line(error)
    if isinstance(error, TransactionManagementError):
        return RAISES_IN_RUN(error=told.removeprefix(RAISES(error="")))
    return told
