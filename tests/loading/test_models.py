"""Models that declare their plans themselves."""

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from django.db import models
from django.test.utils import isolate_apps

from quell import FetchPlan, FetchPlanManager, FetchPlanModel, FetchPlanQuerySet
from quell.checks import check_plans
from quell.exceptions import UsageError
from quell.loading.declared import wrong_plans


class _Loud(FetchPlanManager[Any]):
    fetch_plans: ClassVar[Mapping[str, FetchPlan]] = {"list": FetchPlan(only=["title"])}


def _models() -> tuple[Any, ...]:
    class Author(models.Model):
        name = models.CharField(max_length=9)

        class Meta:
            app_label = "planapp"

    class Work(FetchPlanModel):
        title = models.CharField(max_length=9)
        author = models.ForeignKey(Author, models.CASCADE, related_name="works")
        fetch_plans: ClassVar[Mapping[str, FetchPlan]] = {
            "list": FetchPlan("author", only=["title", "author__name"]),
            "bare": FetchPlan(only=["title"]),
        }
        loud = _Loud()
        plain: ClassVar[models.Manager[Any]] = models.Manager()

        class Meta(FetchPlanModel.Meta):
            app_label = "planapp"
            default_manager_name = "objects"

    class Essay(Work):
        topic = models.CharField(max_length=9)
        fetch_plans: ClassVar[Mapping[str, FetchPlan]] = {"bare": FetchPlan(only=["topic"])}

        class Meta:
            app_label = "planapp"

    return Author, Work, Essay


def _sql(rows: Any) -> str:
    return str(rows.query)


@isolate_apps("tests.planapp")
def test_model_declares_plans_for_its_managers() -> None:
    """On its own manager, on related ones, and behind any call; a manager's plan of the same name goes first."""
    author, work, _ = _models()

    for rows in (work.objects, work.objects.filter(title="a"), author(pk=1).works):
        found = rows.with_plan("list")
        assert isinstance(found, FetchPlanQuerySet)
        assert found.query.select_related == {"author": {}}
        assert "name" in _sql(found)
    assert "INNER JOIN" not in _sql(work.loud.with_plan("list"))
    assert _sql(work.loud.with_plan("bare")) == _sql(work.objects.with_plan("bare"))


@isolate_apps("tests.planapp")
def test_subclass_knows_the_plans_of_its_bases() -> None:
    """And replaces some of them by name."""
    _, work, essay = _models()

    assert essay.objects.with_plan("list").query.select_related == {"author": {}}
    assert "topic" in _sql(essay.objects.with_plan("bare"))
    assert "topic" not in _sql(work.objects.with_plan("bare"))
    with pytest.raises(UsageError, match=r"Essay has no fetch plan 'lists'; did you mean"):
        essay.objects.with_plan("lists")


@isolate_apps("tests.planapp")
def test_check_reports_wrong_plans_of_a_model() -> None:
    """quell.E003 names the model and the plan; a field called fetch_plans is no declaration."""

    class Wrong(FetchPlanModel):
        title = models.CharField(max_length=9)
        fetch_plans: ClassVar[Any] = {"path": FetchPlan("autor"), "right": FetchPlan(only=["title"])}

        class Meta:
            app_label = "planapp"

    class Listed(FetchPlanModel):
        fetch_plans: ClassVar[Any] = [FetchPlan()]

        class Meta:
            app_label = "planapp"

    class Other(models.Model):
        fetch_plans = models.TextField()

        class Meta:
            app_label = "planapp"

    found = [(label, name) for label, name, _ in wrong_plans(Wrong)]
    assert found == [("planapp.Wrong", "path")]
    assert [problem for *_, problem in wrong_plans(Listed)] == [
        f"fetch_plans is {[FetchPlan()]!r}, which is no mapping of names to plans"
    ]
    assert not list(wrong_plans(Other))
    assert not [item for item in check_plans() if item.obj is Other]


@isolate_apps("tests.planapp")
def test_such_a_model_is_one_of_django() -> None:
    """The base brings a manager and nothing else: no column, and no other base manager."""
    _, work, essay = _models()

    assert [field.name for field in work._meta.fields] == ["id", "title", "author"]
    assert [type(item._base_manager) for item in (work, essay)] == [models.Manager] * 2
    assert FetchPlanModel._meta.abstract
