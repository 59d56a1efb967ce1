"""Where the verbs of the command write to."""

import os
import shutil
import sys
from contextlib import suppress
from typing import Any, TextIO

from django.core.management.base import OutputWrapper

from quell.reporting.terminal import Paint, shows_links

# As a shell tells of a program that a closed pipe has ended.
PIPE_CLOSED = 141


class Console:
    """
    The two streams of a command.

    Args:
        out: For the result.
        err: For progress, and for what is wrong.
        options: As parsed: ``no_color`` and ``force_color``.
    """

    def __init__(self, out: OutputWrapper | TextIO, err: OutputWrapper, options: dict[str, Any]) -> None:
        self._out = out
        self._err = err
        is_terminal = _is_terminal(out)
        is_on = bool(options["force_color"] or (is_terminal and not options["no_color"]))
        self.paint = Paint(is_on=is_on, has_links=is_terminal and shows_links(os.environ))
        self.width = min(shutil.get_terminal_size().columns, 100) if is_terminal else 80

    def print(self, text: str) -> None:
        """
        Print a result; what the stream cannot encode is a question mark.

        Raises:
            SystemExit: If whoever reads it has gone, as ``head`` goes.
        """
        encoding = getattr(self._out, "encoding", None) or "utf-8"
        try:
            self._out.write(text.encode(encoding, "replace").decode(encoding))
            self._out.flush()
        except BrokenPipeError:
            # What is left in the buffer would be written again when the process ends.
            with suppress(AttributeError, OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(PIPE_CLOSED)

    def warn(self, line: str) -> None:
        """Print a line about what is wrong."""
        self._err.write(line)

    def show_progress(self, text: str) -> None:
        """Show what is at work, on a terminal only."""
        if _is_terminal(self._err):
            self._err.write(f"\r\x1b[K{text}", lambda line: line, ending="")


def _is_terminal(stream: object) -> bool:
    return bool(getattr(stream, "isatty", lambda: False)())
