"""Where a report goes, and in which formats: the terminal, files, or both."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.utils.translation import check_for_language, get_language, override

from quell.exceptions import UsageError
from quell.management.console import Console
from quell.reporting import table, webpage
from quell.reporting.formats import FORMATS
from quell.reporting.report import Report
from quell.silencing.codes import closest
from quell.translating import words

_FORMAT_OF_SUFFIX = {
    ".txt": "text",
    ".json": "json",
    ".html": "html",
    ".sarif": "sarif",
    ".xml": "junit",
    ".md": "markdown",
}


@dataclass(frozen=True, slots=True)
class Target:
    """A report that somebody asked for; without a file it is printed."""

    format: str
    file: Path | None = None
    language: str | None = None


def add_outputs(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--format", choices=tuple(FORMATS), default="text", help="the report that is printed (default: text)"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write that report to a file instead")
    parser.add_argument(
        "--report",
        action="append",
        type=target,
        default=[],
        metavar="[FORMAT=]FILE",
        help="also write a report to a file, in the format that its name ends with; may be given again",
    )
    parser.add_argument(
        "--language", metavar="CODE", help="the language of a report in HTML (default: LANGUAGE_CODE)"
    )


def target(text: str) -> Target:
    """
    Return what ``--report`` asks for.

    Raises:
        ArgumentTypeError: If there is no such format, or none is known for the file.
    """
    name, sign, file = text.partition("=")
    if not sign:
        file, suffix = text, Path(text).suffix
        if suffix not in _FORMAT_OF_SUFFIX:
            known = ", ".join(_FORMAT_OF_SUFFIX)
            msg = f"{text} does not end in one of {known}; write the format in front: json={text}"
            raise ArgumentTypeError(msg)
        name = _FORMAT_OF_SUFFIX[suffix]
    if name not in FORMATS:
        msg = f'there is no format "{name}". {closest(name, FORMATS, "The formats are")}'
        raise ArgumentTypeError(msg)
    if not file:
        msg = f"{text} names no file"
        raise ArgumentTypeError(msg)
    return Target(name, Path(file))


def targets_of(options: dict[str, Any]) -> tuple[Target, ...]:
    """
    Return where the report of these options goes.

    Raises:
        UsageError: If the folder of a file does not exist, or the language: said before anything runs, not after.
    """
    # Now, as a page may activate another one.
    language = _checked(options["language"]) or get_language()
    asked = (Target(options["format"], options["output"]), *options["report"])
    found = tuple(replace(each, language=language) for each in asked)
    for each in found:
        if each.file is not None and not each.file.parent.is_dir():
            msg = (
                f"{each.file} cannot be written: the folder {each.file.parent} does not exist. Make it first."
            )
            raise UsageError(msg)
    return found


def _checked(language: str | None) -> str | None:
    if language and not check_for_language(language):
        msg = f'there is no language "{language}": write a code such as de or pt-br'
        raise UsageError(msg)
    return language


def write_report(report: Report, targets: Sequence[Target], console: Console) -> None:
    """
    Print a report and write it to files, as it was asked for.

    Raises:
        UsageError: If a file cannot be written.
    """
    for each in targets:
        if each.file is None:
            console.print(_printed(report, each, console))
        else:
            write_text(each.file, rendered(report, each))


def _printed(report: Report, target: Target, console: Console) -> str:
    return table.render(report, console.paint) if target.format == "text" else rendered(report, target)


def rendered(report: Report, target: Target) -> str:
    """Return a report in a format; what people look at as a page is in their language."""
    if target.format == "html":
        with override(target.language):
            return webpage.render(report, words())
    return FORMATS[target.format](report)


def write_text(file: Path, text: str) -> None:
    """
    Write a file that ends with a line; what cannot be encoded, as the name of a file that is no Unicode, is ``?``.

    Raises:
        UsageError: If that is not possible.
    """
    try:
        file.write_text(f"{text.rstrip()}\n", encoding="utf-8", errors="replace")
    except OSError as error:
        msg = f"{file} cannot be written: {error.strerror}."
        raise UsageError(msg) from error
