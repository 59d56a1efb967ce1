"""Options of the command, and what they take."""

from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError


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
