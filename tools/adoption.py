"""
Adopt quell as a new user does: install the wheel beside applications that are not ours, and follow the tutorial.

Each command runs in a project that ``django-admin startproject`` made, with an application of the package index and
rows in its database. What is printed is the transcript.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DRIVER = ROOT / "benchmarks" / "real_apps"
_MOST_LINES = 5  # of settings that adoption may take
_ADDED = 'INSTALLED_APPS += ["quell"]'
_ROWS = 10
_NOISE = re.compile(r"^.*(?:WARNING|Warning).*\n", re.MULTILINE)

_TODO_SETTINGS = """
INSTALLED_APPS += ["dal", "dal_select2", "django.contrib.sites", "todo"]
SITE_ID = 1
LOGIN_URL = "admin:login"
TEMPLATES[0]["DIRS"] = [BASE_DIR / "templates"]
MEDIA_ROOT = BASE_DIR / "media"
TODO_DEFAULT_LIST_SLUG = "tickets"
"""
_HELPDESK_SETTINGS = """
INSTALLED_APPS += ["django.contrib.sites", "django.contrib.humanize", "rest_framework", "helpdesk"]
SITE_ID = 1
LOGIN_URL = "helpdesk:login"
MEDIA_ROOT = BASE_DIR / "media"
HELPDESK_TEAMS_MODE_ENABLED = False
"""
_TESTS = """import pytest
from django.contrib.auth.models import Group
from todo.models import Task, TaskList


@pytest.fixture
def home(admin_user):
    home = TaskList.objects.create(name="Home", slug="home", group=Group.objects.create(name="Family"))
    for number in range(3):
        Task.objects.create(title=f"Task {number}", task_list=home, created_by=admin_user)
    return home


def test_list_shows_its_tasks(admin_client, home):
    response = admin_client.get(f"/todo/{home.pk}/home/")

    assert b"Task 2" in response.content
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An application of the package index, and what its documentation asks of a project."""

    name: str
    package: str
    settings: str
    urls: str
    templates: dict[str, str] = field(default_factory=dict)


TODO = Application(
    name="django_todo",
    package="todo",
    settings=_TODO_SETTINGS,
    urls='urlpatterns += [path("todo/", include("todo.urls", namespace="todo"))]',
    templates={"base.html": "{% block content %}{% endblock %}{% block extra_js %}{% endblock %}"},
)
HELPDESK = Application(
    name="django_helpdesk",
    package="helpdesk",
    settings=_HELPDESK_SETTINGS,
    urls='urlpatterns += [path("", include("helpdesk.urls", namespace="helpdesk"))]',
)


class Project:
    """A project with one application, in an environment of its own."""

    def __init__(self, application: Application, folder: Path) -> None:
        self.application = application
        self.folder = folder / "project"
        self.folder.mkdir()
        self._bin = folder / "env" / "bin"
        self._call(sys.executable, "-m", "venv", str(folder / "env"))
        requirements = DRIVER / "apps" / application.name / "requirements.txt"
        self._call("pip", "install", "--quiet", "--requirement", str(requirements))
        self._make()

    def _make(self) -> None:
        """Make what a person has who knows nothing of quell: a project with pages and rows."""
        made = self.application
        self._call("django-admin", "startproject", "site_", ".")
        with (self.folder / "site_" / "settings.py").open("a") as settings:
            settings.write(made.settings)
        with (self.folder / "site_" / "urls.py").open("a") as urls:
            urls.write(f"\nfrom django.urls import include\n\n{made.urls}\n")
        for name, text in made.templates.items():
            (self.folder / "templates").mkdir(exist_ok=True)
            (self.folder / "templates" / name).write_text(text)
        self._call("python", "-W", "ignore", "manage.py", "migrate", "-v0")
        fill = f"from apps.{made.name}.populate import populate; populate({_ROWS})"
        self._call("python", "-W", "ignore", "manage.py", "shell", "-v0", "-c", fill, path=str(DRIVER))

    def vendor(self) -> None:
        """Put the application into the project, where its code is the project's own."""
        (found,) = (self._bin.parent / "lib").glob(f"python*/site-packages/{self.application.package}")
        ignored = shutil.ignore_patterns("__pycache__", "tests")
        shutil.copytree(found, self.folder / self.application.package, ignore=ignored)
        self._call("git", "init", "--quiet")

    def adopt(self, wheel: Path) -> None:
        """Install quell, and add to the settings what the tutorial says."""
        self.show(f"pip install {wheel.name}", "pip", "install", "--quiet", str(wheel))
        with (self.folder / "site_" / "settings.py").open("a") as settings:
            settings.write(f"\n{_ADDED}\n")
        print(f"$ echo '{_ADDED}' >> site_/settings.py\n", flush=True)
        if _ADDED.count("\n") >= _MOST_LINES:
            sys.exit(f"adoption takes more than {_MOST_LINES} lines of settings")

    def write(self, name: str, text: str) -> None:
        """Write a file of the project, and print it."""
        (self.folder / name).write_text(text)
        print(f"$ cat {name}", text, sep="\n", flush=True)

    def manage(self, *arguments: str, status: int = 0, most: int = 0, last: int = 0) -> str:
        """Run a command of the project, and print it with its output."""
        shown = f"python manage.py {' '.join(arguments)}"
        return self.show(
            shown, "python", "-W", "ignore", "manage.py", *arguments, status=status, most=most, last=last
        )

    def pytest(self, *arguments: str, status: int = 0) -> str:
        """Run the tests of the project, and print that with its output."""
        given = ["-q", "-p", "no:cacheprovider", "--no-header", "-W", "ignore", "--ds=site_.settings"]
        return self.show(f"pytest {' '.join(arguments)}", "pytest", *given, *arguments, status=status)

    def show(self, shown: str, *command: str, status: int = 0, most: int = 0, last: int = 0) -> str:
        """Print a command with its output, and end everything where it has another status."""
        done = self._run(*command)
        text = _NOISE.sub("", done.stdout)
        text = re.sub(
            rf"{re.escape(str(self._bin.parent))}/\S*?/site-packages", "site-packages", text
        ).rstrip()
        lines = text.splitlines()
        if most and len(lines) > most:
            lines = [*lines[:most], f"... {len(lines) - most} lines more"]
        if last and len(lines) > last:
            lines = [f"... {len(lines) - last} lines before", *lines[-last:]]
        print(f"$ {shown}", *lines, "", sep="\n", flush=True)
        if done.returncode != status:
            sys.exit(f"{shown}: ended with {done.returncode}, not {status}\n{done.stdout}{done.stderr}")
        return text

    def _call(self, *command: str, path: str = "") -> None:
        done = self._run(*command, path=path)
        if done.returncode:
            sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")

    def _run(self, *command: str, path: str = "") -> subprocess.CompletedProcess[str]:
        wanted = ("DJANGO_SETTINGS_MODULE", "PYTHONPATH", "PYTEST_ADDOPTS")
        kept = {name: value for name, value in os.environ.items() if name not in wanted}
        environment = kept | {
            "PATH": f"{self._bin}{os.pathsep}{kept.get('PATH', os.defpath)}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "NO_COLOR": "1",
            "COLUMNS": "110",
            **({"PYTHONPATH": path} if path else {}),
        }
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )


def build(folder: Path) -> Path:
    """Build the wheel and return its path."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        str(folder),
        str(ROOT),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    (wheel,) = folder.glob("*.whl")
    return wheel


def follow_tutorial(folder: Path, wheel: Path) -> None:
    """Take a project with django-todo from the first finding to a check in CI."""
    print("== todo: first finding", flush=True)
    project = Project(TODO, folder)
    project.vendor()
    project.adopt(wheel)
    page = "/todo/mine/"
    project.manage("quell", "profile", "--user", "staff", page, status=1)
    print("== todo: fix", flush=True)
    project.manage("quell", "fix", "--user", "staff", "--apply", page)
    project.manage("quell", "profile", "--user", "staff", page)
    print("== todo: tests", flush=True)
    project.write("test_todo.py", _TESTS)
    project.pytest("test_todo.py")
    project.pytest("--quell", "test_todo.py", status=1)
    project.manage("quell", "fix", "--user", "staff", "--apply", "/todo/1/hub/")
    project.pytest("--quell", "test_todo.py")
    print("== todo: baseline", flush=True)
    project.manage("quell", "profile", "--user", "staff", status=1, most=30)
    project.manage("quell", "profile", "--user", "staff", "--write-baseline", last=2)
    project.manage("quell", "profile", "--user", "staff", last=2)


def try_helpdesk(folder: Path, wheel: Path) -> None:
    """Profile django-helpdesk, as it comes from the package index."""
    print("== helpdesk", flush=True)
    project = Project(HELPDESK, folder)
    project.adopt(wheel)
    found = project.manage("quell", "profile", "--user", "staff", "/dashboard/", status=1)
    if "write" not in found:
        sys.exit("the first run shows no fix")


def main() -> int:
    """Follow both, or those that are named."""
    chosen = {"todo": follow_tutorial, "helpdesk": try_helpdesk}
    if unknown := set(sys.argv[1:]) - chosen.keys():
        sys.exit(f"unknown: {', '.join(sorted(unknown))}; one of {', '.join(chosen)}")
    with tempfile.TemporaryDirectory(prefix="quell-adoption-") as place:
        folder = Path(place)
        wheel = build(folder)
        for name in sys.argv[1:] or chosen:
            (own := folder / name).mkdir()
            chosen[name](own, wheel)
    return 0


if __name__ == "__main__":
    sys.exit(main())
