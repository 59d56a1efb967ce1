"""
Run the tests of the panel on every major version of django-debug-toolbar, its first and its last release.

Usage: ``python -m tools.toolbars``, in an environment with the requirements of the tests, which have the newest one.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSIONS = ("6.0.0", "6.3.0", "7.0.0", "7.1.1", "8.0.0")
_INSTALL = ("install", "--quiet", "--disable-pip-version-check", "--no-deps", "--root-user-action=ignore")
_TEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/toolbar")
_WHICH = "from importlib.metadata import version; print(version('django-debug-toolbar'))"


def main() -> int:
    """Print the last line of each run, and all of one that fails; return the exit status."""
    has_failed = False
    with tempfile.TemporaryDirectory() as folder:
        for version in VERSIONS:
            place = Path(folder) / version
            _run("-m", "pip", *_INSTALL, "--target", str(place), f"django-debug-toolbar=={version}")
            paths = [str(place), str(ROOT / "src"), str(ROOT)]
            # In front of what is installed.
            found = {"PYTHONPATH": os.pathsep.join(paths)}
            used = _run("-c", _WHICH, **found).stdout.strip()
            done = _run(*_TEST, **found)
            is_good = done.returncode == 0 and used == version
            has_failed |= not is_good
            told = (done.stdout + done.stderr).strip()
            print(f"{used}: {told.splitlines()[-1] if is_good else told}", flush=True)
    return int(has_failed)


def _run(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


if __name__ == "__main__":
    sys.exit(main())
