"""Repair a copy of a third-party application with `quell fix`, and run the application's own tests before and after."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROWS = 5
# The package that an application consists of, which is the folder that may be changed, and how its tests run.
PACKAGES = {
    "django_todo": (
        "todo",
        # It reads a file that the package does not bring along.
        ("-m", "pytest", "-q", "-p", "no:cacheprovider", "todo/tests", "--ignore=todo/tests/test_import.py"),
    ),
}
SETTINGS = """
from pathlib import Path

from apps.{app}.settings import *

BASE_DIR = Path(__file__).parent
DEBUG = True
INSTALLED_APPS = [*INSTALLED_APPS, "quell"]
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}}}
MEDIA_ROOT = str(BASE_DIR / "media")
"""
POPULATE = """
import django
django.setup()
from apps.{app}.populate import populate
populate({rows})
"""
PAGES = """
import json
import django
django.setup()
from apps.{app}.pages import pages
print(json.dumps([(page.url, page.user or "") for page in pages({rows}).values()]))
"""


class Copy:
    """A project in a folder of its own, whose application is a copy of the installed one."""

    def __init__(self, app: str, folder: Path) -> None:
        self.folder = folder
        self.package, self._tests = PACKAGES[app]
        found = importlib.util.find_spec(self.package)
        if found is None or found.origin is None:
            raise SystemExit(
                f"{self.package} is not installed here: use the interpreter that prepare.py printed"
            )
        self._original = Path(found.origin).parent
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(self._original, folder / self.package, ignore=ignored)
        (folder / "fix_settings.py").write_text(SETTINGS.format(app=app))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python in the project."""
        path = os.pathsep.join([str(self.folder), str(HERE), os.environ.get("PYTHONPATH", "")])
        return subprocess.run(
            [sys.executable, "-W", "ignore", *arguments],
            cwd=self.folder,
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "fix_settings", "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
        )

    def must_run(self, *arguments: str) -> str:
        """Run Python, which must not fail."""
        done = self.run(*arguments)
        if done.returncode:
            raise SystemExit(f"{' '.join(arguments)} failed:\n{done.stderr[-3000:]}")
        return done.stdout

    def test(self) -> str:
        """Run the tests that the application brings along; return what they came to."""
        done = self.run(*self._tests)
        lines = re.findall(
            r"^(?:\d+ (?:passed|failed).*?|Ran \d+ tests?|OK.*|FAILED \(.*)(?= in |$)",
            done.stdout + done.stderr,
            re.M,
        )
        names = sorted(
            set(re.findall(r"^(?:FAIL|ERROR|FAILED)[: ]+(\S+)", done.stdout + done.stderr, re.MULTILINE))
        )
        return ", ".join([*lines, *names]) or done.stderr[-500:]

    def diff(self) -> Iterator[str]:
        """Yield the difference between the copy and the original."""
        for file in sorted((self.folder / self.package).rglob("*")):
            name = file.relative_to(self.folder / self.package)
            if file.suffix in {".py", ".html"} and file.is_file():
                before = (self._original / name).read_text().splitlines()
                yield from unified_diff(
                    before,
                    file.read_text().splitlines(),
                    f"a/{self.package}/{name}",
                    f"b/{self.package}/{name}",
                    lineterm="",
                )

    def fix(self, pages: list[tuple[str, str]]) -> Iterator[str]:
        """Yield what each user's run of `quell fix --apply` printed behind its diff."""
        for user in sorted({user for _, user in pages}, reverse=True):
            urls = [url for url, whose in pages if whose == user]
            visitor = ["--user", user] if user else []
            done = self.run("-m", "django", "quell", "fix", "--apply", *visitor, *urls)
            if done.returncode not in {0, 1}:
                raise SystemExit(done.stderr[-3000:])
            lines = done.stdout.splitlines()
            first = next(
                (at for at, line in enumerate(lines) if re.match(r"changed |left |\d+ q|nothing", line)), 0
            )
            yield f"-- as {user or 'nobody'}: {len(urls)} pages"
            yield from lines[first:]


def main() -> int:
    """Repair one application; fail when its tests get worse, or a second run changes something."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("app", choices=sorted(PACKAGES))
    app = parser.parse_args().app
    with tempfile.TemporaryDirectory(prefix="quell-fix-") as folder:
        copy = Copy(app, Path(folder))
        copy.must_run("-m", "django", "migrate", "-v0")
        copy.must_run("-c", POPULATE.format(app=app, rows=ROWS))
        pages = [
            (str(url), str(user))
            for url, user in json.loads(copy.must_run("-c", PAGES.format(app=app, rows=ROWS)))
        ]
        before = copy.test()
        print(*copy.fix(pages), sep="\n", flush=True)
        changed = list(copy.diff())
        print(*changed, sep="\n")
        after = copy.test()
        again = list(copy.fix(pages))
        is_same = list(copy.diff()) == changed
        print(f"own tests before: {before}\nown tests after:  {after}")
        print(f"second run: {'changes nothing' if is_same else 'CHANGES FILES'}")
        if not is_same:
            print(*again, sep="\n")
    return int(before != after or not is_same)


if __name__ == "__main__":
    sys.exit(main())
