"""Where a test says that something is: by the path from the root of the run, as pytest names its tests."""

import os

from quell.events import Location
from quell.reporting.places import short
from quell.reporting.text import encodable

_state = {"root": ""}


def name_from(root: str) -> None:
    """Name files by the path from a folder, or from the working directory where it is empty."""
    _state["root"] = root


def shown(spot: Location | None) -> str:
    """Return ``file:line``, by the whole path where the file is elsewhere; a ``-`` where there is none."""
    return encodable(short(spot, _state["root"] or os.getcwd())) or "-"
