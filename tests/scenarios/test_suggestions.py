"""Every plan and every suggestion of the corpus is tried: it runs, gives the same, and ends its pattern."""

import ast
import re
from dataclasses import replace
from typing import Any

import pytest
from django.apps import apps
from django.contrib.contenttypes.prefetch import GenericPrefetch
from django.db import models, transaction
from django.db.models import functions

import quell
from quell.advice.injection import Injection, boundary
from quell.findings import Finding
from quell.lineage._patches import answers_from
from quell.proving import injection_for, own_plan
from tests.scenarios.corpus import Scenario
from tests.scenarios.test_corpus import parameters

pytestmark = pytest.mark.usefixtures("library")

_NAMES: dict[str, Any] = {
    **{name: getattr(models, name) for name in models.__all__},
    **{name: getattr(functions, name) for name in functions.__all__},
    **{model.__name__: model for model in apps.get_models()},
    "models": models,
    "GenericPrefetch": GenericPrefetch,
}


# What a rerun cannot change from outside. Raw SQL is tried by its fix in test_corpus.
NO_RERUN = {
    "scenes_flow-raw": "raw querysets are not exchanged",
    "scenes_paths-two_hops_from_raw_sql": "raw querysets are not exchanged",
    "scenes_roots-labels_of_choices": "an iterator of Django's own has other frames",
}
# Django takes a prefetch only before the union.
UNITED = {"scenes_flow-union", "scenes_other_rows-counts_for_rows_of_a_union"}


class Pasted(quell.FetchPlan):
    """Stands where a plan does, and applies the code of a suggestion."""

    __slots__ = ("code",)

    code: str

    def __init__(self, code: str) -> None:
        super().__init__("pasted")
        object.__setattr__(self, "code", code)

    def apply(self, queryset: Any) -> Any:
        """Run the suggestion on the queryset."""
        return eval(f"queryset{self.code}", {**_NAMES, "queryset": queryset})


@boundary
def run(item: Scenario) -> object:
    """Run a scenario, and leave nothing of it behind."""
    if item.transactional:
        return item.run()
    with transaction.atomic():
        result = item.run()
        transaction.set_rollback(True)
    return (
        re.sub(rb'csrf\w*" value="\w+"|[-0-9a-f]{36}', b"", result) if isinstance(result, bytes) else result
    )


def _rerun(item: Scenario, injection: Injection) -> tuple[tuple[Finding, ...], object]:
    with quell.watch() as watch, answers_from(injection):
        result = run(item)
    return watch.findings, result


def _pattern(finding: Finding) -> tuple[str, ...]:
    return finding.kind, finding.model, finding.path, str(finding.origin), str(finding.trigger)


def _is_cured(finding: Finding, left: tuple[Finding, ...]) -> bool:
    return _pattern(finding) not in set(map(_pattern, left))


@pytest.mark.parametrize("item", parameters(only_positive=True))
def test_plan_ends_the_pattern(item: Scenario) -> None:
    """A rerun with all plans gives the same, without the patterns that had one."""
    with quell.watch() as watch:
        plain = run(item)
    planned = [own_plan(finding) for finding in watch.findings if finding.plan is not None]
    if not planned:
        pytest.skip("only other code helps")
    if item.name in NO_RERUN:
        pytest.skip(NO_RERUN[item.name])

    injection = injection_for(watch.scope, planned)
    left, fixed = _rerun(item, injection)

    assert not injection.failures
    assert injection.met_count
    assert fixed == plain
    assert all(_is_cured(finding, left) for finding in planned)


@pytest.mark.parametrize("item", parameters(only_positive=True))
def test_suggestion_runs_as_it_is(item: Scenario) -> None:
    """Code for a queryset runs when it is pasted there; where only the queryset must change, it ends the pattern."""
    with quell.watch() as watch:
        plain = run(item)

    for finding in watch.findings:
        if not finding.suggestion.startswith("."):
            continue
        ast.parse(f"queryset{finding.suggestion}", mode="eval")
        if not finding.fetches[0] or item.name in {*NO_RERUN, *UNITED}:
            continue
        injection = _pasted(watch, finding)
        left, fixed = _rerun(item, injection)
        assert injection.met_count, finding.suggestion
        assert not injection.failures
        assert fixed == plain
        assert _needs_other_code(finding) or _is_cured(finding, left), finding.suggestion


def _pasted(watch: quell.watch, finding: Finding) -> Injection:
    injection = injection_for(watch.scope, [replace(finding, plan=quell.FetchPlan(finding.path))])
    # Here the loop stays as it is.
    injection.batches.clear()
    injection.failures.clear()
    code = Pasted(finding.suggestion)
    injection.plans_by_site = dict.fromkeys(injection.plans_by_site, code)
    injection.plans_by_tail = dict.fromkeys(injection.plans_by_tail, code)
    return injection


def _needs_other_code(finding: Finding) -> bool:
    """Tell whether the loop has to read what the code brings along."""
    plan = finding.plan
    is_deferred = finding.suggestion.startswith((".only(", ".defer(")) and plan is None
    return not is_deferred and (plan is None or bool(plan.counts or plan.exists or plan.filters))
