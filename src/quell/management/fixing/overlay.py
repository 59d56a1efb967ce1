"""
Run a project as if some of its files had another text, without writing them.

Only a process of its own does that, which imports what the files hold when it starts.
"""

import importlib.abc
import sys
from collections.abc import Mapping
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

from django.template import Origin, engines
from django.template.backends.django import DjangoTemplates


class _Loader(SourceFileLoader):
    """Compiles the other text, and neither reads nor writes what is cached of the file."""

    def __init__(self, name: str, path: str, text: bytes) -> None:
        super().__init__(name, path)
        self._other = text

    def get_code(self, fullname: str) -> CodeType | None:
        return self.source_to_code(self._other, self.path)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds modules where Python finds them, and gives some of them another text."""

    def __init__(self, texts: Mapping[str, bytes]) -> None:
        self._texts = texts

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:  # noqa: ANN401 -- Python's
        # Whoever else finds modules: an editable installation has a finder of its own.
        others = (finder for finder in sys.meta_path if finder is not self)
        spec = next(filter(None, (finder.find_spec(fullname, path, target) for finder in others)), None)
        origin = spec.origin if spec is not None else None
        text = self._texts.get(str(Path(origin).resolve())) if origin else None
        if spec is None or origin is None or text is None:
            return None
        spec.loader = _Loader(fullname, origin, text)
        return spec


def install_modules(texts: Mapping[str, bytes]) -> None:
    """Give modules another text, before any of them is imported."""
    sys.meta_path.insert(0, _Finder(texts))


def install_templates(texts: Mapping[str, bytes]) -> None:
    """Give templates another text, once Django is set up."""
    for backend in engines.all():
        if isinstance(backend, DjangoTemplates):
            for loader in backend.engine.template_loaders:
                for inner in getattr(loader, "loaders", (loader,)):
                    _replace_contents(inner, texts)


def _replace_contents(loader: Any, texts: Mapping[str, bytes]) -> None:  # noqa: ANN401 -- any loader with files
    read = loader.get_contents

    def get_contents(origin: Origin) -> str:
        text = texts.get(str(Path(origin.name).resolve()))
        return text.decode(loader.engine.file_charset) if text is not None else str(read(origin))

    loader.get_contents = get_contents
