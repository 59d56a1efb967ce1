"""Find Python interpreters on this machine without knowing how they were installed."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_PROBE = "import ensurepip, sys, venv; print('%d.%d.%d' % sys.version_info[:3])"


def find_interpreter(minor: str) -> tuple[Path, str] | None:
    """
    Find an interpreter of one minor version that can create environments.

    Args:
        minor: Such as ``"3.12"``.

    Returns:
        The path and the full version, or None. PATH comes before pyenv, a newer patch before an older one.
    """
    for candidate in _candidates(minor):
        version = probe(candidate)
        if version is not None and version.startswith(f"{minor}."):
            return candidate, version
    return None


def probe(python: Path) -> str | None:
    """Return the full version, or None where this cannot run or lacks venv or ensurepip."""
    try:
        # A pyenv shim exists on PATH for every installed version, and fails for all but the active ones.
        done = subprocess.run([python, "-c", _PROBE], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _candidates(minor: str) -> Iterator[Path]:
    if sys.version_info[:2] == tuple(map(int, minor.split("."))):
        yield Path(sys.executable)
    on_path = shutil.which(f"python{minor}")
    if on_path is not None:
        yield Path(on_path)
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    installed = sorted(root.glob(f"versions/{minor}.*/bin/python{minor}"), key=_patch, reverse=True)
    yield from installed


def _patch(python: Path) -> int:
    found = re.fullmatch(r"\d+\.\d+\.(\d+)", python.parent.parent.name)
    return int(found[1]) if found else -1
