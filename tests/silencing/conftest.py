"""Rows, and modules that are written while a test runs."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from types import ModuleType

import pytest

import quell
from tests.library.models import Author, Book, Country

_numbers = count(1)
Write = Callable[..., ModuleType]


def codes_of(watch: quell.watch) -> tuple[list[str], list[str]]:
    """Return the codes that a watch found, and those that are silenced."""
    return [item.code for item in watch.findings], [item.finding.code for item in watch.silenced]


@pytest.fixture
def books(db: None) -> list[Book]:
    """Four books of four authors of four countries."""
    authors = [
        Author.objects.create(name=f"Author {n}", country=Country.objects.create(name=f"Country {n}"))
        for n in range(4)
    ]
    return [Book.objects.create(title=f"Book {n}", author=author) for n, author in enumerate(authors)]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Give a function that writes a module, imports it, and returns it."""
    made: list[str] = []

    def write_module(source: str, folder: str = "", encoding: str = "utf-8") -> ModuleType:
        name = f"silenced_{next(_numbers)}"
        file = tmp_path / folder / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"from tests.library.models import *\nimport quell\n{source}", encoding=encoding)
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        made.append(name)
        spec.loader.exec_module(module)
        return module

    yield write_module
    for name in made:
        del sys.modules[name]
