"""The services of the help desk, crashed: nothing or everything, cell by cell; ``make faults`` crashes each point."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from benchmarks.service_crashes import EXCEPTION, KILLED, LOST, Subject
from operations.catalog import OPERATIONS
from seeding.data import grow

ROOT = Path(__file__).resolve().parent.parent.parent


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command on a SQLite file."""
    command = [sys.executable, "-m", "benchmarks.service_faults", "--database=sqlite", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_crash_changes_nothing_or_everything() -> None:
    """Whatever the point and the crash, each of the eight services is whole."""
    done = run("--short")

    assert done.returncode == 0, done.stdout + done.stderr
    assert all(slug in done.stdout for slug in OPERATIONS)
    assert "64 nothing, 16 whole, 0 HALF, 0 LOST" in done.stdout


def test_function_without_service_is_found_half_done() -> None:
    """The same functions without ``@service`` leave halves, and the command says so."""
    done = run("--bare", "--service=create-article", "--service=send-message")

    assert done.returncode == 1
    assert "HALF: create-article, SIGKILL at" in done.stdout
    assert "HALF: send-message, exception at" in done.stdout


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("slug", ["execute-workflow", "execute-integration"])
def test_crash_on_a_server_changes_nothing_or_everything(slug: str) -> None:
    """A server that loses a client, or kills its connection, keeps all of a service or nothing."""
    if connection.vendor == "sqlite":
        pytest.skip("in memory, no other process sees a row; the command above runs on a file")
    grow(2)
    subject = Subject(OPERATIONS[slug])
    points = subject.points()

    for kind in (EXCEPTION, LOST, KILLED):
        found = [subject.crash(kind, point).outcome for point in (points[0], *points[-3:])]
        assert found == ["nothing", "nothing", "nothing", "whole"]
