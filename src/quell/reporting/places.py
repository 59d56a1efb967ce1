"""Lines of code as code hosts name them: by the path from the root of the repository."""

import re
from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import quote

from quell.events import Location
from quell.findings import Finding

_INSTALLED = {"site-packages", "dist-packages"}


def spot_of(finding: Finding) -> Location | None:
    """Return the line that a finding is shown at: the one to change, else the one that caused it."""
    return finding.origin or finding.trigger


def below(file: str, root: str) -> str:
    """Return the path of a file from a root, with ``/``; empty where it is not below it."""
    kind = PureWindowsPath if "\\" in root or root[1:2] == ":" else PurePosixPath
    path, folder = kind(file), kind(root)
    if not root or not path.is_relative_to(folder) or path == folder:
        return ""
    return path.relative_to(folder).as_posix()


def short(spot: Location | None, root: str) -> str:
    """Return ``file:line``, by the path from the root where the file is below it; empty where there is none."""
    if spot is None:
        return ""
    parts = re.split(r"[/\\]", spot.file)
    # Where packages are installed is nobody's business.
    installed = max((at for at, part in enumerate(parts) if part in _INSTALLED), default=0)
    file = "/".join(parts[installed + 1 :]) if installed else below(spot.file, root) or spot.file
    return f"{file}:{spot.line}"


def uri_of(path: str) -> str:
    """Return a path as a URI: a relative one where it is relative."""
    if PureWindowsPath(path).drive or path.startswith("/"):
        return "file://" + quote(
            "/" + path.replace("\\", "/").lstrip("/"), safe="/:", errors="surrogateescape"
        )
    return quote(path.replace("\\", "/"), safe="/", errors="surrogateescape")


def what_of(finding: Finding) -> str:
    """Return what a finding is about: the model and the path."""
    return f"{finding.model} {finding.path}".strip() or "a statement"
