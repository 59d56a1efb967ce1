"""Every scenario gives exactly the findings it is labelled with, and every plan ends its pattern."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

import quell
from quell.capture.freeze import records_of
from quell.findings import Finding
from quell.lineage._patches_effects import installation
from quell.lineage.sites import _kept, _roles
from tests.scenarios.corpus import SCENARIOS, Expected, Fix, Scenario, comparable, expectation
from tests.wording.pseudo import assert_translatable

pytestmark = pytest.mark.usefixtures("library")

for module in sorted(Path(__file__).parent.glob("scenes_*.py")):
    import_module(f"tests.scenarios.{module.stem}")


@pytest.fixture(scope="module", autouse=True)
def watched_transactions() -> Iterator[None]:
    """Patch once for all scenarios: after hundreds of times the patches would stay, and cost later tests calls."""
    installation.acquire()
    yield
    installation.release()


def parameters(
    *, only_positive: bool = False, only_fixed: bool = False, only_rolled_back: bool = False
) -> list[ParameterSet]:
    """Return the scenarios to run a test with."""
    chosen = [item for item in SCENARIOS if item.expected or not (only_positive or only_fixed)]
    chosen = [item for item in chosen if item.takes_fix or not only_fixed]
    chosen = [item for item in chosen if not (only_rolled_back and item.transactional)]
    return [pytest.param(item, id=item.name, marks=_marks(item)) for item in chosen]


def _marks(item: Scenario) -> list[pytest.MarkDecorator]:
    rows = pytest.mark.django_db(databases=["default", "other"], transaction=item.transactional)
    return [rows, *([pytest.mark.databases] if item.databases else [])]


def _watched(item: Scenario, fix: Fix | None = None) -> tuple[tuple[Finding, ...], object]:
    with quell.watch() as watch:
        result = item.run(fix)
    return watch.findings, result


def _sites_of(watch: quell.watch) -> list[str]:
    """Tell what each fetch carries, for the message of a test that finds a wrong origin."""
    found = []
    for record in records_of(watch.scope).values():
        code = record.site.code if record.site is not None else None
        role = None if code is None else (_roles.get(id(code)), any(code is kept for kept in _kept))
        path = record.call_path.frames if record.call_path is not None else ()
        names = [frame.code.co_qualname for frame in path]
        found.append(f"{record.model.__name__}: site {code}, role {role}, {record.method}, path {names}")
    return found


@pytest.mark.parametrize("item", parameters())
def test_scenario_gives_the_labelled_findings(item: Scenario) -> None:
    """Nothing is missed, and nothing else is said, of transactions neither."""
    with quell.watch(transactions=True) as watch:
        item.run(None)

    expected = sorted(expectation(label, item.function) for label in item.expected)
    found = sorted(comparable(finding) for finding in watch.findings)
    assert found == expected, "\n".join(_sites_of(watch))


@pytest.mark.parametrize("item", parameters())
def test_scenario_counts_and_places_are_right(item: Scenario) -> None:
    """The queries of a pattern are counted, and never more are saved than were run."""
    findings, _ = _watched(item)

    for finding in findings:
        assert 0 < finding.saved_queries <= finding.count
        assert finding.suggestion
        assert_translatable(finding)
        label = _label_of(finding, item)
        assert label.count in {None, finding.count}
        assert label.place in {None, finding.place}


_UNPLANNED = ("scenes_subsets", "scenes_other_rows")


@pytest.mark.parametrize("item", [item for item in parameters() if str(item.id).startswith(_UNPLANNED)])
def test_scenario_without_a_fix_has_no_plan(item: Scenario) -> None:
    """Where other code has to be written there is no plan: one that helps nothing is worse than none."""
    findings, _ = _watched(item)

    assert all(item.takes_fix or finding.plan is None for finding in findings)


@pytest.mark.parametrize("item", parameters(only_fixed=True))
def test_scenario_is_cured_by_its_plan(item: Scenario) -> None:
    """With the plan at the origin the pattern is gone, the result is the same, and queries are saved."""
    before, plain = _watched(item)
    plans = {finding.plan for finding in before if finding.plan is not None}
    assert len(plans) == 1

    with quell.watch() as watch:
        fixed = item.run(Fix(plans.pop()))

    assert fixed == plain
    assert not watch.findings


def _label_of(finding: Finding, item: Scenario) -> Expected:
    wanted = comparable(finding)
    return next(label for label in item.expected if expectation(label, item.function) == wanted)
