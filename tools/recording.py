"""Record a page of the help desk, change what it shows, and print what ``--check`` says: the output of the docs."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = "/slow/ticket-comments/"
PLACE = "tickets.twins:slow_ticket_comments"


def main() -> int:
    """Print both parts; return 1 if a command did not end as it should."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "plans.json")
        environment = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
            "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT), str(ROOT / "example_project")]),
        }
        _manage(environment, "migrate", "--verbosity", "0")
        _manage(environment, "seed", "--tickets", "40")
        recorded = _manage(environment, "quell", "profile", PAGE, "--record", str(file))
        document = json.loads(file.read_text())
        print("== file")
        print(file.read_text().rstrip())
        _let_drift(document)
        file.write_text(json.dumps(document))
        pages = (PAGE, "/slow/feedback/")
        checked = _manage(environment, "quell", "profile", *pages, "--record", str(file), "--check")
        print("== drift")
        print(checked.stdout.replace(f"{folder}/", "").rstrip())
    return int(recorded.returncode != 0 or checked.returncode != 1)


def _let_drift(document: dict[str, dict[str, list[dict[str, dict[str, list[str]]]]]]) -> None:
    """Make the file that of some weeks ago: of a page that showed less, and of a view that had another name."""
    origins = document["origins"]
    plan = origins[PLACE][0]["plan"]
    origins["tickets.twins:slow_tickets"] = [{**origins[PLACE][0]}]
    plan["join"] = ["comments__author"]
    plan["only"] = [path for path in plan["only"] if "organization__" not in path and path != "status"]


def _manage(environment: Mapping[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT / "example_project",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


if __name__ == "__main__":
    sys.exit(main())
