"""``quell fix`` repairs the twelve problems in the source of the help desk: in a copy of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import config
import quell
from problems import PROBLEMS
from seeding.world import ADMIN_EMAIL

ROOT = Path(__file__).resolve().parents[2]
SEEDS = 8
# What is no more so, as the slow pages are as fast as the fast ones, and what was so before.
SHOWN = "not slow_page_runs_more_queries and not fast_page_runs_the_same and not other"


class Copy:
    """A help desk of its own, with a database in a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "desk"
        ignored = shutil.ignore_patterns("*.sqlite3*", "__pycache__", "static")
        shutil.copytree(Path(config.__file__).parents[1], self.folder, ignore=ignored)
        # How long a line may be.
        shutil.copy(ROOT / "pyproject.toml", self.folder)
        self._variables = os.environ | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": f"sqlite:///{folder / 'desk.sqlite3'}",
            "PYTHONPATH": os.pathsep.join([str(self.folder), str(Path(quell.__file__).parents[1])]),
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python in the copy."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self._variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a management command."""
        return self.run("manage.py", *arguments)

    def texts(self) -> dict[Path, bytes]:
        """Return every file."""
        files = (path for path in self.folder.rglob("*") if path.suffix in {".py", ".html"})
        return {path: path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A copy with few rows."""
    copy = Copy(tmp_path_factory.mktemp("fix"))
    for arguments in (("migrate", "-v0"), ("seed", "--tickets", str(SEEDS), "--flush")):
        done = copy.manage(*arguments)
        assert done.returncode == 0, done.stderr
    return copy


def test_fix_repairs_all_twelve_problems_in_the_source(desk: Copy) -> None:
    """
    One run repairs every slow page, a second one finds nothing and changes nothing, and the tests pass.

    All of it in one test, as each step needs the one before.
    """
    pages = [problem.slow_path for problem in PROBLEMS]
    before = desk.texts()

    done = desk.manage("quell", "fix", "--apply", "--user", ADMIN_EMAIL, *pages)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "12 querysets changed in 13 files"
    after = desk.texts()
    assert {path.name for path in after if after[path] != before[path]} == {
        "twins.py", "ai_twins.py", "admin.py", "integrations.py", "serializers.py", "article_views_slow.html",
    }  # fmt: skip

    again = desk.manage("quell", "fix", "--apply", "--user", ADMIN_EMAIL, *pages)
    assert (again.returncode, again.stdout.strip()) == (0, "nothing to change")
    assert desk.texts() == after

    tests = [
        str(ROOT / "tests" / "example" / name)
        for name in ("test_helpdesk_pages.py", "test_helpdesk_problems.py")
    ]
    options = ["-q", "-p", "no:cacheprovider", f"--rootdir={ROOT}", f"-c{ROOT / 'pyproject.toml'}"]
    tested = desk.run("-m", "pytest", "--ds=config.settings", *options, "-k", SHOWN, *tests)
    assert tested.returncode == 0, tested.stdout
