"""``quell explain``: what a code means."""

from argparse import ArgumentParser
from typing import Any

from quell.exceptions import UsageError
from quell.management.console import Console
from quell.management.profiling.options import repeat_common_options
from quell.reporting.explaining import contents, explain
from quell.silencing.codes import code_of, hint_for


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    parser.add_argument("code", nargs="?", metavar="CODE", help="a code or a kind: Q101, n_plus_one")
    repeat_common_options(parser)


def explain_code(options: dict[str, Any], console: Console) -> bool:
    """
    Print the page of a code, or a line for each code.

    Raises:
        UsageError: If there is no such code; it names the closest one.
    """
    name: str | None = options["code"]
    if name is None:
        console.print(contents(console.paint, width=console.width))
        return False
    code = code_of(name)
    if not code:
        msg = f'There is no code "{name}". {hint_for(name)}'
        raise UsageError(msg)
    console.print(explain(code, console.paint, width=console.width))
    return False
