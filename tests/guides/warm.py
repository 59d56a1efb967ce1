"""
A process that has imported what each command needs, and lets a copy of itself run one.

Starting Python and importing Django takes longer than most commands of the documentation. Each line of standard input
is a command, as JSON; the answer is the line of its exit status. A command runs in a new process, with a working
directory, an environment, and files for what it prints.
"""

import atexit
import contextlib
import importlib
import json
import os
import runpy
import sys
import traceback
from typing import Any

# Nothing of these reads settings.
_IMPORTED = (
    "django.core.management.commands.check",
    "django.core.management.commands.migrate",
    "django.db.backends.sqlite3.base",
    "django.db.models",
    "django.template.defaultfilters",
    "django.test",
    "django.views.generic",
    "libcst",
    "libcst.metadata",
    "pytest",
    "quell.management.cli",
)


def main() -> None:
    """Answer each command."""
    for name in _IMPORTED:
        # What is not there is missed by the command that needs it.
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for line in sys.stdin:
        sys.stdout.write(f"{_run(json.loads(line))}\n")
        sys.stdout.flush()


def _run(command: dict[str, Any]) -> int:
    process = os.fork()
    if process == 0:
        os._exit(_answer(command))
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def _answer(command: dict[str, Any]) -> int:
    """Be the process of a command, and return its exit status."""
    for descriptor, name in ((1, command["out"]), (2, command["err"])):
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, descriptor)
        os.close(file)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.chdir(command["cwd"])
    os.environ.clear()
    os.environ.update(command["env"])
    status = _status_of(command["arguments"])
    with contextlib.suppress(Exception):
        atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return status


def _status_of(arguments: list[str]) -> int:
    try:
        _execute(arguments)
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - as Python itself does
        traceback.print_exc()
        return 1
    return 0


def _execute(arguments: list[str]) -> None:
    """Do what Python does with its arguments: a module, a text, or a file."""
    folder = os.getcwd()
    sys.path[0] = folder
    option, *rest = arguments
    if option == "-m":
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif option == "-c":
        sys.argv = ["-c", *rest[1:]]
        exec(compile(rest[0], "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.argv = arguments
        runpy.run_path(option, run_name="__main__")


if __name__ == "__main__":
    main()
