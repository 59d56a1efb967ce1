"""Write the fixes into a copy of the help desk and of a third-party application, and run their tests."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DRIVER = ROOT / "benchmarks" / "real_apps"
TICKETS = "100"
ADMIN = "admin@helpdesk.example"
# The order of the twelve problems.
PAGES = (
    "ticket-comments", "work-orders", "article-views", "user-permissions", "metric-tags", "ai-predictions",
    "integration-logs", "mobile-sessions", "security-events", "feedback", "workflow-executions",
)  # fmt: skip
CHANGELIST = "/slow-admin/communication/communicationmessage/"


def fix_helpdesk() -> int:
    """Repair a copy of the help desk twice, and print both reports."""
    with tempfile.TemporaryDirectory(prefix="quell-fix-") as folder:
        desk = Path(folder) / "desk"
        shutil.copytree(
            ROOT / "example_project", desk, ignore=shutil.ignore_patterns("*.sqlite3*", "__pycache__")
        )
        shutil.copy(ROOT / "pyproject.toml", desk)

        def manage(*arguments: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [sys.executable, "manage.py", *arguments],
                cwd=desk,
                env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
                capture_output=True,
                text=True,
                check=False,
            )

        for command in (("migrate", "-v0"), ("seed", "--tickets", TICKETS)):
            done = manage(*command)
            if done.returncode:
                sys.exit(done.stderr)
        urls = [*(f"/slow/{name}/" for name in PAGES), CHANGELIST]
        first = manage("quell", "fix", "--apply", "--user", ADMIN, *urls)
        again = manage("quell", "fix", "--apply", "--user", ADMIN, *urls)
        print("$ manage.py quell fix --apply", first.stdout.rstrip(), sep="\n")
        print("\n$ manage.py quell fix --apply", again.stdout.rstrip(), sep="\n", flush=True)
        return first.returncode or again.returncode


def fix_todo() -> int:
    """Repair a copy of django-todo, in an environment of its own."""
    prepared = subprocess.run(
        [sys.executable, str(DRIVER / "prepare.py"), "django_todo"],
        check=True,
        capture_output=True,
        text=True,
    )
    interpreter = prepared.stdout.strip().splitlines()[-1]
    print("\n== django_todo", flush=True)
    done = subprocess.run(
        [interpreter, str(DRIVER / "fixing.py"), "django_todo"], check=False, capture_output=True, text=True
    )
    print(re.sub(r"^.*WARNING.*\n", "", done.stdout, flags=re.MULTILINE).rstrip(), flush=True)
    return done.returncode


def main() -> int:
    """Repair both."""
    return fix_helpdesk() or fix_todo()


if __name__ == "__main__":
    sys.exit(main())
