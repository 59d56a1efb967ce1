"""What the documentation says about CI is what runs."""

import os
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from quell.management import cli
from tests.fixing.project import Project

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
# Python 3.13 has a fork of it in the test environment, by another name.
yaml: Any = import_module("yaml_ft" if sys.version_info >= (3, 13) else "yaml")
# What whoever copies the workflow replaces, and what only a host can do.
_THEIRS = re.compile(r"^(pip|python manage\.py (migrate|loaddata)|gh) .*$", re.MULTILINE)
_MANAGE = """
import os
from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
execute_from_command_line()
"""
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())


def _commands() -> dict[str, tuple[str, str]]:
    workflow = yaml.safe_load((DOCS / "github-actions.yml").read_text())
    steps = workflow["jobs"]["quell"]["steps"]
    return {
        step["name"]: (step.get("working-directory", "."), _THEIRS.sub("", step["run"]))
        for step in steps
        if "run" in step
    }


def _run(command: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    given = {name: text for name, text in os.environ.items() if not name.startswith("DJANGO_")}
    return subprocess.run(
        ["bash", "-e", "-c", command],
        cwd=folder,
        env={**given, "PATH": path, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A target branch, and a pull request that gives one page another N+1 and mends another page."""
    folder = tmp_path_factory.mktemp("workspace")
    for name in ("old", "new"):
        (folder / name / ".git").mkdir(parents=True)
        Project(folder / name).prepare()
        (folder / name / "manage.py").write_text(_MANAGE)
    views = folder / "new" / "shop" / "views.py"
    text = views.read_text().replace(
        "Book.objects.order_by('title')", "Book.objects.select_related('author')"
    )
    views.write_text(text.replace("Book.objects.exclude(pk=0)", "Book.objects.exclude(pk=-1)"))
    return folder


def test_workflow_fails_for_what_a_pull_request_brings(workspace: Path) -> None:
    """Its steps run as they are written; the comment says what is new and what is fixed."""
    commands = _commands()
    folder, command = commands["Profile the target branch"]
    old = _run(command, workspace / folder)
    folder, command = commands["Profile the pull request"]
    new = _run(command, workspace / folder)
    folder, command = commands["Compare"]
    compared = _run(command, workspace / folder)
    comment = (workspace / "comment.md").read_text()

    assert (old.returncode, new.returncode) == (0, 0), old.stderr + new.stderr
    assert compared.returncode == 1, compared.stderr
    assert re.search(r"^1 new, 0 worse, \d fixed, \d+ same$", comment, re.MULTILINE)
    assert "| 🔴 new | [Q101]" in comment
    assert "`shop/views.py:" in comment
    assert {file.name for file in workspace.iterdir()} >= {"quell.html", "quell.sarif", "new.json"}


def test_workflow_uses_no_other_commands() -> None:
    """Each step that runs something is tried above, but for the one that writes the comment."""
    assert _commands().keys() == {
        "Profile the target branch",
        "Profile the pull request",
        "Compare",
        "Comment",
    }


def test_hook_runs_in_a_project(workspace: Path) -> None:
    """It finds the settings by the manage.py beside it, and ends well where nothing is missing."""
    (hook,) = HOOKS
    command = hook["entry"].replace("quell", f"{sys.executable} -m quell", 1)
    done = _run(command, workspace / "old")

    assert done.returncode == 0, done.stderr


def test_hook_of_the_documentation_is_the_hook() -> None:
    """Who copies it gets what the repository has."""
    text = (DOCS / "ci.md").read_text()
    block = re.search(r"```yaml\n(repos:.*?)```", text, re.DOTALL)
    assert block is not None
    (hook,) = yaml.safe_load(block[1])["repos"][0]["hooks"]

    assert hook == {key: value for key, value in HOOKS[0].items() if key != "description"}


def test_console_script_leads_to_the_command() -> None:
    """``quell`` is what ``python -m quell`` runs."""
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]

    assert scripts == {"quell": f"{cli.__name__}:{cli.main.__name__}"}


@pytest.mark.parametrize("arguments", ["explain Q101", "explain", "--help", "--version", ""])
def test_command_needs_no_project_to_explain(tmp_path: Path, arguments: str) -> None:
    """There are no settings, and none are asked for."""
    done = _run(f"python -m quell {arguments}", tmp_path)

    assert "Traceback" not in done.stderr
    assert done.returncode == (0 if arguments else 2)


def test_command_without_settings_says_what_to_do(tmp_path: Path) -> None:
    """It ends as wrong usage does."""
    done = _run("python -m quell profile", tmp_path)

    assert done.returncode == 2
    assert done.stderr.startswith("There are no settings. Run quell beside your manage.py")


@pytest.mark.parametrize("options", ["--settings=settings", "--settings settings"])
def test_command_takes_settings_by_an_option(workspace: Path, options: str) -> None:
    """Beside or without a manage.py."""
    bare = "mkdir -p ../bare && cp -r settings.py urls.py shop templates db.sqlite3 ../bare && cd ../bare"
    done = _run(f"{bare} && python -m quell profile --list {options}", workspace / "old")

    assert done.returncode == 0, done.stderr
    assert "/joined/" in done.stdout


@pytest.mark.parametrize("page", ["ci.md", "reports.md", "profile.md"])
def test_documented_options_exist(page: str) -> None:
    """Each option that follows the name of the command on a line of a console is one that it has."""
    known = subprocess.run(
        [sys.executable, "-m", "quell", "profile", "--help"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for line in re.findall(r"^python .*quell profile (.*)$", (DOCS / page).read_text(), re.MULTILINE):
        for option in re.findall(r"--[a-z][a-z-]*", line.partition(" -- ")[0]):
            assert option in known, option
