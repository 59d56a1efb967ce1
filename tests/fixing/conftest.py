"""Rewrites pieces of source as a proven plan says."""

import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from textwrap import dedent

import pytest

from quell.events import Location
from quell.findings import Finding, Proof
from quell.loading.plan import FetchPlan
from quell.management.fixing.changes import Fixer
from quell.management.fixing.layout import limit_of
from quell.management.fixing.planning import Files
from quell.management.fixing.safety import Project
from quell.management.fixing.source import Territory
from quell.management.fixing.units import Unit

PROVEN = Proof(verdict="proven")
MARK = "# here"

Rewrite = Callable[..., str]


def finding_at(file: Path, source: str, plan: FetchPlan | None, **given: object) -> Finding:
    """Return a proven finding about books whose queryset is built at the marked line."""
    line = next(number for number, text in enumerate(source.splitlines(), 1) if MARK in text)
    text = source.splitlines()[line - 1]
    line += text.strip() == MARK
    text = source.splitlines()[line - 1]
    name = text.partition("class ")[2].partition("(")[0].partition(":")[0]
    finding = Finding(
        kind="n_plus_one",
        code="Q101",
        model="library.Book",
        origin=Location(str(file), line, name or "view"),
        plan=plan,
        proof=PROVEN,
    )
    return replace(finding, **given)  # type: ignore[arg-type]  # any field


def load(file: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Import a file under a name until the test ends."""
    spec = spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)


@pytest.fixture
def rewrite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rewrite:
    """Give a function that returns a source with a plan written into it, or the reason why it is not."""

    def run(
        source: str, plan: FetchPlan, limit: int = 200, *, is_loaded: bool = False, **given: object
    ) -> str:
        text = dedent(source).removeprefix("\n")
        (tmp_path / "pyproject.toml").write_text(f"[tool.ruff]\nline-length = {limit}\n")
        limit_of.cache_clear()
        file = tmp_path / "views.py"
        file.write_bytes(text.encode())
        if is_loaded:
            load(file, "rewritten_views", monkeypatch)
        fixer = Fixer(Files(Territory((tmp_path,))), Project((tmp_path,)))
        change, refusals = fixer.change(Unit(findings=(finding_at(file, text, plan, **given),)), ["/"])
        if change is None:
            return f"refused: {refusals[0].reason}"
        return fixer.texts([change])[file][1]

    return run
