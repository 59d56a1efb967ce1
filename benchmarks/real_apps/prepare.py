"""Create the environment of one application: its pinned requirements and this project, editable."""

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def environment_of(app: str) -> Path:
    """Return the directory of the virtual environment of an application."""
    return ROOT / ".venv" / f"apps-{app.replace('_', '-')}"


def prepare(app: str, python: str) -> Path:
    """Create or update the environment of an application and return its interpreter."""
    environment = environment_of(app)
    interpreter = environment / "bin" / "python"
    if not interpreter.exists():
        _run(python, "-m", "venv", str(environment))
    requirements = HERE / "apps" / app / "requirements.txt"
    _run(str(interpreter), "-m", "pip", "install", "--quiet", "--requirement", str(requirements))
    if (ROOT / "pyproject.toml").exists():
        _run(str(interpreter), "-m", "pip", "install", "--quiet", "--editable", str(ROOT))
    return interpreter


def _run(*command: str) -> None:
    # Standard output carries the interpreter only, so that a Makefile can use it.
    subprocess.run(command, check=True, stdout=sys.stderr)


def main() -> None:
    """Prepare the named application and print its interpreter."""
    parser = argparse.ArgumentParser(description=__doc__)
    apps = sorted(path.parent.name for path in HERE.glob("apps/*/requirements.txt"))
    parser.add_argument("app", choices=apps)
    parser.add_argument("--python", default=sys.executable, help="interpreter to build on; this one without")
    options = parser.parse_args()
    print(prepare(options.app, options.python))


if __name__ == "__main__":
    main()
