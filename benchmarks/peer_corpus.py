"""
Run the labelled scenarios of the tests under one tool.

The rule is the same for every tool: one block of the tool around each scenario, as in a test. A positive is found when
the tool reports anything during it, whatever that says; any report about a correct scenario is a false alarm.
"""

import unittest
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from django.test import TestCase, TransactionTestCase, override_settings
from django.test.utils import setup_databases, setup_test_environment, teardown_databases

from benchmarks.peer_tools import chosen

import tests.scenarios as room  # isort: skip
from tests.scenarios.corpus import SCENARIOS, Scenario
from tests.scenarios.world import populate


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """
    What one tool said of one scenario.

    Attributes:
        name: Of the scenario.
        kinds: What is needless in it; nothing where it is correct.
        reports: How many reports there were; zero after an error.
        error: What the tool broke, if it did.
    """

    name: str
    kinds: tuple[str, ...]
    reports: int
    error: str = ""


def run_all() -> list[dict[str, object]]:
    """Run every scenario inside of the chosen tool."""
    for module in sorted(Path(room.__path__[0]).glob("scenes_*.py")):
        import_module(f"{room.__name__}.{module.stem}")
    setup_test_environment()
    databases = setup_databases(verbosity=0, interactive=False)
    outcomes = [asdict(_run(scenario)) for scenario in SCENARIOS]
    teardown_databases(databases, verbosity=0)
    return outcomes


def _run(scenario: Scenario) -> Outcome:
    reports: list[int] = []
    case = _case_of(scenario, reports)
    result = unittest.TestResult()
    unittest.TestSuite([case]).run(result)
    problems = [text.strip().splitlines()[-1] for _, text in (*result.errors, *result.failures)]
    return Outcome(
        name=scenario.name,
        kinds=tuple(sorted({label.kind for label in scenario.expected})),
        reports=0 if problems else sum(reports),
        error=problems[0] if problems else "",
    )


def _case_of(scenario: Scenario, reports: list[int]) -> unittest.TestCase:
    base: Any = TransactionTestCase if scenario.transactional else TestCase

    class Case(base):  # type: ignore[misc]  # one of two classes
        databases = {"default", "other"}  # noqa: RUF012 -- as Django has it

        def runTest(self) -> None:  # noqa: N802 -- the name that unittest calls
            populate()
            with override_settings(ROOT_URLCONF="tests.library.urls"):
                with chosen().watch() as answer:
                    scenario.run()
                reports.append(answer())

    return Case()
