"""The text of files, as the running code was made from it."""

import linecache
import os
import sys
from functools import lru_cache


def stamp_of(file: str) -> int:
    """Return what changes when a file is edited: a template is, while the process runs."""
    try:
        return os.stat(file).st_mtime_ns
    except (OSError, ValueError):
        return 0


def python_lines(file: str) -> list[str]:
    """Return the lines of a module with their ends; none where its source is gone or never was in a file."""
    linecache.checkcache(file)
    found = linecache.getlines(file)
    if not found and not os.path.exists(file):
        # A module inside an archive: its loader has the text.
        module = _modules_by_file(len(sys.modules)).get(file)
        found = linecache.getlines(file, vars(sys.modules[module])) if module in sys.modules else []
    return found


def template_lines(file: str) -> list[str]:
    """Return the lines of a template; none where it is gone, or never was in a file."""
    try:
        with open(file, encoding="utf-8", errors="replace") as stream:
            return stream.readlines()
    except (OSError, ValueError):
        return []


@lru_cache(maxsize=1)
def _modules_by_file(count: int) -> dict[str, str]:
    # Whatever else lies in sys.modules may not like being asked.
    modules = {name: item for name, item in tuple(sys.modules.items()) if type(item) is type(sys)}
    return {str(vars(item).get("__file__")): name for name, item in modules.items()}
