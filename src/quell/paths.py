"""Paths that mean the same in every checkout: files below the root that Python imports them from."""

import os
import sys
from functools import lru_cache


def portable_path(file: str) -> str:
    """
    Return a file below its import root, with ``/``: ``"library/views.py"`` on every machine.

    The root is the deepest entry of ``sys.path`` that holds the file, else the working directory. Of a template
    elsewhere the name behind its last folder ``templates`` is kept, of any other file its own name.
    """
    return _below_root(file, tuple(sys.path), os.getcwd())


@lru_cache(maxsize=4096)
def project_path(file: str, base: str) -> str:
    """Return a file below the folder of a project, with ``/``; elsewhere, or without one, its portable path."""
    for name, root in ((file, base), (os.path.realpath(file), os.path.realpath(base))):
        below = root.rstrip(os.sep) + os.sep
        is_package = {"site-packages", "dist-packages"} & set(name.split(os.sep))
        if base and name.startswith(below) and not is_package:
            return name.removeprefix(below).replace(os.sep, "/")
    return portable_path(file)


@lru_cache(maxsize=4096)
def _below_root(file: str, search_path: tuple[str, ...], here: str) -> str:
    if not os.path.isabs(file):
        # A template of a loader without files, "<string>", or what a compiled file was called.
        return file.replace(os.sep, "/")
    roots = _roots(search_path, here)
    for name in dict.fromkeys((os.path.normpath(file), os.path.realpath(file))):
        for root in roots:
            if name.startswith(root):
                return name.removeprefix(root).replace(os.sep, "/")
    parts = file.split(os.sep)
    if "templates" in parts:
        last = len(parts) - 1 - parts[::-1].index("templates")
        return "/".join(parts[last:])
    return parts[-1]


@lru_cache(maxsize=64)
def _roots(search_path: tuple[str, ...], here: str) -> tuple[str, ...]:
    """Return all roots with a separator behind them, deepest first."""
    entries = {here, *(os.path.join(here, entry) for entry in search_path)}
    found = {os.path.normpath(entry) for entry in entries} | {os.path.realpath(entry) for entry in entries}
    # The root of the file system would hold everything.
    kept = [root.rstrip(os.sep) + os.sep for root in found if root.strip(os.sep)]
    return tuple(sorted(kept, key=lambda root: (-len(root), root)))
