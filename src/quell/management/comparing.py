"""``quell diff``: what changed between two reports."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from quell.documents import Document
from quell.management.console import Console
from quell.management.profiling.options import repeat_common_options
from quell.management.profiling.outputs import write_text
from quell.reporting import comparing
from quell.reporting.changes import FORMATS
from quell.reporting.document import VERSION
from quell.reporting.terminal import PLAIN

_WRITE = "Write it with manage.py quell profile --report json={name}."
_REPORT = Document(
    title="The report",
    about="",
    version=VERSION,
    make=_WRITE,
    restore="Write it again with manage.py quell profile --report json=FILE.",
)


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    parser.add_argument("old", type=Path, metavar="OLD", help="the report to compare with")
    parser.add_argument("new", type=Path, metavar="NEW", help="the report of the change")
    parser.add_argument("--format", choices=tuple(FORMATS), default="text", help="(default: text)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write it to a file instead")
    repeat_common_options(parser)


def compare(options: dict[str, Any], console: Console) -> bool:
    """
    Print what changed, and tell whether something is new or worse.

    Raises:
        UsageError: If a file cannot be read, is no report, or cannot be written.
    """
    changes = comparing.compare(_REPORT.read(options["old"]), _REPORT.read(options["new"]))
    render = FORMATS[options["format"]]
    if options["output"] is None:
        console.print(render(changes, console.paint).rstrip("\n"))
    else:
        write_text(options["output"], render(changes, PLAIN))
    return any(change.fails for change in changes)
