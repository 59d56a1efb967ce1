"""Every labelled scenario gives exactly its findings when a profile runs."""

import pytest
from _pytest.mark import ParameterSet

import quell
from quell.findings import Finding
from tests.scenarios.corpus import Fix, Scenario, comparable, expectation
from tests.unused import (
    scenes_read_columns,
    scenes_unread_columns,
    scenes_unused_relations,
    scenes_used_relations,
)
from tests.unused.corpus import PROFILED
from tests.wording.pseudo import assert_translatable

pytestmark = pytest.mark.usefixtures("library", "essays")
SCENES = [scenes_read_columns, scenes_unread_columns, scenes_unused_relations, scenes_used_relations]


def _parameters(*, only_fixed: bool = False) -> list[ParameterSet]:
    chosen = [item for item in PROFILED if not only_fixed or item.takes_fix]
    return [pytest.param(item, id=item.name, marks=_marks(item)) for item in chosen]


def _marks(item: Scenario) -> list[pytest.MarkDecorator]:
    rows = pytest.mark.django_db(databases=["default", "other"], transaction=item.transactional)
    return [rows, *([pytest.mark.databases] if item.databases else [])]


def _judged(watch: quell.watch) -> list[Finding]:
    """Return what these scenarios are labelled with: repeats and writes in loops have scenarios of their own."""
    return [finding for finding in watch.findings if finding.code not in {"Q104", "Q105"}]


def _profiled(item: Scenario, fix: Fix | None = None) -> tuple[quell.watch, object]:
    with quell.watch(profile=True) as watch:
        result = item.run(fix)
    return watch, result


@pytest.mark.parametrize("item", _parameters())
def test_profile_gives_the_labelled_findings(item: Scenario) -> None:
    """Nothing is missed, and nothing else is said."""
    watch, _ = _profiled(item)

    expected = sorted(expectation(label, item.function) for label in item.expected)
    assert sorted(comparable(finding) for finding in _judged(watch)) == expected
    for finding in _judged(watch):
        assert finding.suggestion
        assert_translatable(finding)
        label = _label_of(finding, item)
        assert label is None or label == finding.count


def _label_of(finding: Finding, item: Scenario) -> int | None:
    wanted = comparable(finding)
    return next(label.count for label in item.expected if expectation(label, item.function) == wanted)


@pytest.mark.parametrize("item", _parameters())
def test_watch_without_a_profile_says_nothing_of_it(item: Scenario) -> None:
    """Without a profile nobody measures what is used."""
    with quell.watch() as watch:
        item.run()

    assert not {finding.code for finding in watch.findings} & {"Q106", "Q107"}


@pytest.mark.parametrize("item", _parameters(only_fixed=True))
def test_profile_plan_leaves_out_what_nothing_reads(item: Scenario) -> None:
    """With the plan the result is the same, no query comes on top, and nothing is left to say."""
    before, plain = _profiled(item)
    plans = {finding.plan for finding in _judged(before)}
    assert len(plans) == 1

    after, fixed = _profiled(item, Fix(plans.pop()))

    assert fixed == plain
    assert len(after.queries) == len(before.queries)
    assert not _judged(after)
