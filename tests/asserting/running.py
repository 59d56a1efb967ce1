"""Runs of pytest of their own, with a few rows and a slow function."""

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HEAD = """
import pytest
from tests.library.models import Author, Country

def grow(count):
    for number in range(count):
        country = Country.objects.create(name=f"Country {number}")
        Author.objects.create(name=f"Author {number}", country=country)

def slow():
    return [author.country.name for author in Author.objects.all()]

@pytest.fixture
def rows(db):
    grow(3)
    slow()
"""


def run(folder: Path, tests: str, *arguments: str) -> str:
    """Write a module of tests into a folder, run it, and return what was printed."""
    (folder / "test_it.py").write_text(HEAD + tests)
    (folder / "pytest.ini").write_text(
        f"[pytest]\nDJANGO_SETTINGS_MODULE = tests.settings\npythonpath = . {ROOT}\nasyncio_mode = auto\n"
    )
    is_installed = any(item.value == "quell.testing.plugin" for item in entry_points(group="pytest11"))
    load = () if is_installed else ("-p", "quell.testing.plugin")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "--strict-markers",
        *load,
        *arguments,
    ]
    done = subprocess.run(
        [*command, "test_it.py"],
        cwd=folder,
        env={
            **os.environ,
            "QUELL_TEST_DATABASE": "sqlite",
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    return done.stdout + done.stderr
