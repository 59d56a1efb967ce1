"""``manage.py quell check``: whether plans load what serializers read, and how statistics are computed."""

from argparse import ArgumentParser

from django.db import Error
from django.urls import get_resolver

from quell.aggregation import Statistics
from quell.exceptions import UsageError
from quell.loading.covering import WAY_OUT, Coverage, coverages
from quell.management.profiling.options import repeat_common_options


def add_arguments(parser: ArgumentParser) -> None:
    """Add what ``quell check`` takes."""
    parser.add_argument(
        "--statistics",
        action="store_true",
        help="ask the database instead how it computes the statistics that are declared, and for which indexes",
    )
    repeat_common_options(parser)


def check_views() -> tuple[str, bool]:
    """Return a line for each action with a plan of its own, and whether a plan misses something."""
    found = tuple(coverages())
    lines = [_line(item) for item in found]
    missing = sum(bool(item.problem) for item in found)
    known = sum(not item.unknown for item in found)
    total = f"{known} of {len(found)} declared plans judged, {missing} of which miss something"
    return "\n".join([*lines, *([WAY_OUT] if missing else []), total]), bool(missing)


def explain_statistics() -> str:
    """Ask the database about all statistics that the project declares, and return what it says of each."""
    # Imports what the project routes to, and with that what it declares.
    _ = get_resolver().url_patterns
    try:
        found = Statistics.explain_all()
    except Error as error:
        msg = f"A database could not be asked ({error}): start it, and migrate what its tables lack."
        raise UsageError(msg) from error
    lines = [f"{each.__module__}.{each.__qualname__}: {explained}" for each, explained in found.items()]
    return "\n".join([*lines, f"{len(found)} declared statistics explained"])


def _line(item: Coverage) -> str:
    name = f"{item.view.__module__}.{item.view.__qualname__}, {item.action}"
    if item.unknown:
        return f"{name}: not judged, as {item.unknown}"
    return item.problem or f"{name}: loads what {getattr(item.serializer, '__qualname__', '')} reads"
