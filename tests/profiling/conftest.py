"""Runs ``quell profile`` over the profiled pages."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.management import call_command
from django.test import override_settings

from tests.profiled.rows import populate


@dataclass(frozen=True)
class Result:
    """What a run printed, and how it ended."""

    out: str
    err: str
    code: int

    @property
    def document(self) -> dict[str, Any]:
        """The output as JSON."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    def page(self, path: str) -> dict[str, Any]:
        """The record of one page."""
        pages: list[dict[str, Any]] = self.document["pages"]
        return next(page for page in pages if page["path"] == path)

    @property
    def findings(self) -> list[dict[str, Any]]:
        """The records of all findings."""
        found: list[dict[str, Any]] = self.document["findings"]
        return found

    @property
    def proofs(self) -> list[tuple[str, str, str]]:
        """Path, verdict and reason of each finding, sorted."""
        return sorted(
            (item["path"], item["proof"]["verdict"], item["proof"]["reason"]) for item in self.findings
        )


Profile = Callable[..., Result]


def run_profile(*arguments: str) -> Result:
    """Run the command with its output captured."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    try:
        call_command("quell", "profile", *arguments, stdout=out, stderr=err)
    except SystemExit as end:
        code = int(end.code or 0)
    return Result(out.getvalue(), err.getvalue(), code)


@pytest.fixture
def profile(db: None) -> Iterator[Profile]:
    """Give the command with rows and routes; it prints JSON."""
    populate()
    with override_settings(DEBUG=True, ROOT_URLCONF="tests.profiled.urls"):
        yield lambda *arguments: run_profile("--format", "json", *arguments)
