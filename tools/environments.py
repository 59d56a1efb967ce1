"""
Create the virtual environments of the project, and run commands in them.

Usage: ``python -m tools.environments NAME [COMMAND ...]``; names are those of ``ENVIRONMENTS``.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tools.interpreters import find_interpreter

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".venv"
_REQUIREMENTS = ROOT / "tools"
# Variables of the caller's shell that would change what runs inside an environment.
_FOREIGN = ("DJANGO_SETTINGS_MODULE", "PYTHONPATH", "PYTHONHOME", "PYTEST_ADDOPTS", "COVERAGE_FILE")


class MissingError(Exception):
    """Something this machine lacks; the message says in one line what to do about it."""


class InstallationError(Exception):
    """An environment could not be installed; the message holds the end of pip's output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One virtual environment: its Python versions, most wanted first, and its requirements."""

    name: str
    pythons: tuple[str, ...]
    requirements: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """The folder of the environment."""
        return HOME / self.name

    def executable(self, command: str) -> Path:
        """Return the path of a command installed in the environment."""
        return self.folder / "bin" / command


def _matrix(python: str, django: str) -> Environment:
    name = f"py{python.replace('.', '')}-django{django}"
    return Environment(name=name, pythons=(python,), requirements=("test", f"django{django}"))


MATRIX = (_matrix("3.11", "52"), _matrix("3.12", "60"), _matrix("3.13", "61"))
LINT = Environment(name="lint", pythons=("3.13", "3.12"), requirements=("lint", "django61"))
_RUNNING = "{}.{}".format(*sys.version_info)
_DEMO_DJANGO = "django52" if sys.version_info < (3, 12) else "django61"
DEMO = Environment(name="demo", pythons=(_RUNNING,), requirements=("demo", _DEMO_DJANGO))
# nplusone and django-nplus1 do not run everywhere; this is where all of them do.
PEERS = Environment(name="peers", pythons=("3.13", "3.12"), requirements=("peers", "django61"))
DOCS = Environment(name="docs", pythons=("3.13", "3.12"), requirements=("docs", "django61"))
SOAK = Environment(name="soak", pythons=("3.13", "3.12"), requirements=("soak", "django61"))
SERVICES = Environment(name="services", pythons=("3.13", "3.12"), requirements=("services", "django61"))
DRF = tuple(
    replace(found, name=f"drf-{found.name}", requirements=("drf", *found.requirements[1:]))
    for found in MATRIX
)
ENVIRONMENTS = {
    environment.name: environment for environment in (*MATRIX, LINT, DOCS, DEMO, PEERS, SOAK, SERVICES, *DRF)
}


def ensure(environment: Environment) -> None:
    """
    Create the environment or bring it up to date; do nothing when it is.

    Raises:
        MissingError: If no fitting Python is installed.
        InstallationError: If pip or venv fails.
    """
    python, version = _interpreter(environment)
    with _locked(environment):
        stamp = environment.folder / "quell-stamp.json"
        wanted_stamp = {"packages": _packages_hash(environment, version), "project": _project_hash()}
        present = json.loads(stamp.read_text()) if stamp.exists() else {}
        if present == wanted_stamp:
            return
        _say(f"installing {environment.name} (Python {version}) into {environment.folder.relative_to(ROOT)}")
        if present.get("packages") != wanted_stamp["packages"]:
            shutil.rmtree(environment.folder, ignore_errors=True)
            _run([str(python), "-m", "venv", str(environment.folder)])
        stamp.unlink(missing_ok=True)
        _install(environment)
        stamp.write_text(json.dumps(wanted_stamp))


def clean_environ(environment: Environment, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables for a command: the caller's, without those that would leak into it."""
    kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    path = os.pathsep.join([str(environment.folder / "bin"), kept.get("PATH", os.defpath)])
    return kept | {"PATH": path, "VIRTUAL_ENV": str(environment.folder)} | dict(extra or {})


def _interpreter(environment: Environment) -> tuple[Path, str]:
    for found in filter(None, map(find_interpreter, environment.pythons)):
        return found
    wanted = " or ".join(environment.pythons)
    msg = f"Python {wanted} with venv and ensurepip was not found; install it, or put it on PATH"
    raise MissingError(msg)


@contextmanager
def _locked(environment: Environment) -> Iterator[None]:
    HOME.mkdir(exist_ok=True)
    with (HOME / f"{environment.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _packages_hash(environment: Environment, version: str) -> str:
    texts = [_read_requirements(name) for name in environment.requirements]
    # Scripts of an environment hold absolute paths, so a moved checkout needs new ones.
    return _digest([version, str(ROOT), *texts])


def _read_requirements(name: str) -> str:
    text = (_REQUIREMENTS / f"requirements-{name}.txt").read_text()
    included = re.findall(r"^-r requirements-(\w+)\.txt$", text, flags=re.MULTILINE)
    return "\n".join([text, *map(_read_requirements, included)])


def _project_hash() -> str:
    tables = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return _digest([json.dumps([tables["build-system"], tables["project"]], sort_keys=True)])


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _install(environment: Environment) -> None:
    python = str(environment.executable("python"))
    pip = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    requirements = [f"-r{_REQUIREMENTS}/requirements-{name}.txt" for name in environment.requirements]
    _run([*pip, *requirements, "-e", str(ROOT)])
    if "test" in environment.requirements and _has_mysql_headers():
        # Headers alone do not make a build succeed; without it the tests use PyMySQL.
        requirement = f"-r{_REQUIREMENTS}/requirements-mysqlclient.txt"
        subprocess.run([*pip, requirement], capture_output=True, check=False)


def _has_mysql_headers() -> bool:
    return any(map(shutil.which, ("mysql_config", "mariadb_config")))


def _run(command: list[str]) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-20:])
        msg = f"{' '.join(command)} failed:\n{tail}"
        raise InstallationError(msg)


def _say(line: str) -> None:
    print(line, flush=True)


def main(arguments: list[str]) -> int:
    """Prepare one environment, then replace this process by the command, if one is given."""
    if not arguments or arguments[0] not in ENVIRONMENTS:
        names = "|".join(ENVIRONMENTS)
        print(f"usage: python -m tools.environments {{{names}}} [COMMAND ...]", file=sys.stderr)
        return 2
    environment = ENVIRONMENTS[arguments[0]]
    try:
        ensure(environment)
    except (MissingError, InstallationError) as error:
        print(error, file=sys.stderr)
        return 1
    if arguments[1:]:
        command = arguments[1:]
        # What a person sets for one command is meant.
        meant = {name: os.environ[name] for name in _FOREIGN if name in os.environ}
        os.execvpe(command[0], command, clean_environ(environment, meant))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
