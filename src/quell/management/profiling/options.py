"""Options of ``quell profile``, and what they take."""

from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from quell.management.profiling.outputs import add_outputs

# What runs in this process, and is no page.
CALLED = frozenset({"command", "script", "task"})


class ParserWithProcess(CommandParser):
    """A parser that leaves what stands behind ``--`` alone, for it is the command line of another program."""

    # The stubs of argparse overload it.
    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Namespace | None = None
    ) -> tuple[Namespace, list[str]]:
        """Parse what stands in front of it."""
        own = list(args or ())
        process: list[str] = []
        if "--" in own:
            at = own.index("--")
            own, process = own[:at], own[at + 1 :]
        found, left = super().parse_known_args(own, namespace)
        found.process = process
        return found, left


def add_profile(profile: ArgumentParser) -> None:
    """Declare what a profile takes."""
    profile.add_argument("urls", nargs="*", metavar="URL", help="pages to visit (default: all)")
    profile.add_argument("--user", help="visit as this user: a username, an e-mail address or a key")
    profile.add_argument("--list", action="store_true", help="print what would be visited, and stop")
    _add_subjects(profile)
    add_outputs(profile)
    profile.add_argument("--repeat", type=positive, default=1, help="timed runs per page (default: 1)")
    profile.add_argument("--baseline", metavar="FILE", help="let the findings in this file pass")
    profile.add_argument(
        "--write-baseline",
        nargs="?",
        const="",
        type=json_file,
        metavar="FILE",
        help="write what is found to the baseline, and let it pass from now on",
    )
    profile.add_argument("--unused", action="store_true", help="also find what no page uses (one more visit)")
    profile.add_argument("--advice", action="store_true", help="exit 1 also where there is advice alone")
    add_recording(profile)
    repeat_common_options(profile)
    profile.add_argument("--allow-production", action="store_true", help="run although DEBUG is off")


def _add_subjects(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("instead of URLs")
    only_one = group.add_mutually_exclusive_group()
    only_one.add_argument(
        "--command", metavar="TEXT", help='a management command: "rebuild_index --all"; rolled back'
    )
    only_one.add_argument(
        "--script", metavar="TEXT", help='a file of Python code: "report.py 2026"; rolled back'
    )
    only_one.add_argument(
        "--task",
        metavar="TEXT",
        help='a task of Celery, or another function: "shop.tasks.rebuild 7"; rolled back',
    )
    only_one.add_argument("--har", type=Path, metavar="FILE", help="the pages of a HAR file, one per route")
    only_one.add_argument(
        "--access-log", type=Path, metavar="FILE", help="the pages of a log of requests, one per route"
    )
    group.add_argument(
        "--prove",
        action="store_true",
        help="with --command, --script or --task: if it only reads, run it again with the fixes, up to six times",
    )


def add_recording(parser: ArgumentParser) -> None:
    """Declare what a recording takes."""
    parser.add_argument(
        "--record",
        type=json_file,
        metavar="FILE",
        help="instead of a report, add to this file what each queryset needs",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="with --record: change nothing, exit 1 where the file has drifted",
    )
    parser.add_argument(
        "--anew", action="store_true", help="with --record: forget what this run does not use"
    )


def repeat_common_options(parser: ArgumentParser) -> None:
    """Take the options that every command has behind the verb too, where people write them."""
    for name in ("--no-color", "--force-color", "--traceback", "--skip-checks"):
        parser.add_argument(name, action="store_true", default=SUPPRESS, help=SUPPRESS)
    for name in ("--settings", "--pythonpath"):
        parser.add_argument(name, default=SUPPRESS, help=SUPPRESS)
    parser.add_argument("-v", "--verbosity", type=int, default=SUPPRESS, help=SUPPRESS)


def clash(options: dict[str, Any]) -> str:
    """Return why these options cannot go together, or an empty text."""
    kind = subject_of(options)
    if kind == "process" or kind in CALLED:
        given = ("record", "check", "anew", "unused", "list", "user")
        extra = [name for name in given if options[name]] + (["URL"] if options["urls"] else [])
        if extra:
            return f"{_NAMES[kind]} goes without {', '.join(map(_option, extra))}: that is for pages."
    if kind in {"har", "access_log"} and options["urls"]:
        return f"{_NAMES[kind]} names the pages already: leave the URLs out."
    if (
        options["process"]
        and (other := next((name for name in _NAMES if _is_given(options, name)), "")) != "process"
    ):
        return f"{_NAMES[other]} and a command behind -- are two things to profile: give one of them."
    if options["prove"] and kind not in CALLED:
        return "--prove is for --command, --script and --task: pages are always proven, tests never."
    return ""


def subject_of(options: dict[str, Any]) -> str:
    """Return which option says what is profiled; ``"urls"`` where none of them does."""
    return next((name for name in _NAMES if _is_given(options, name)), "urls")


def _is_given(options: dict[str, Any], name: str) -> bool:
    # An empty text is a mistake, and no absence.
    return options.get(name) not in (None, [])


_NAMES = {
    "command": "--command",
    "script": "--script",
    "task": "--task",
    "har": "--har",
    "access_log": "--access-log",
    "process": "a command behind --",
}


def _option(name: str) -> str:
    return name if name.isupper() else f"--{name}"


def json_file(text: str) -> str:
    """
    Return the name of a file.

    Raises:
        ArgumentTypeError: If it is none.
    """
    # Without it, a URL behind the option would be taken for the name of the file.
    if text and not text.endswith(".json"):
        msg = f"{text} is no file that ends in .json; write URLs in front of --write-baseline"
        raise ArgumentTypeError(msg)
    return text


def positive(text: str) -> int:
    """
    Return a number of times.

    Raises:
        ArgumentTypeError: If it is no whole number, or below 1.
    """
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        msg = f"{text} is no whole number, 1 or more"
        raise ArgumentTypeError(msg)
    return value
