"""The plans that managers and querysets of a model declare, and whether they can be applied."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Model, QuerySet

from quell.exceptions import QuellError, UsageError
from quell.loading.plan import FetchPlan


def wrong_plans(model: type[Model]) -> Iterator[tuple[str, str, str]]:
    """
    Yield model or manager, name and problem of each plan that the model cannot load.

    Cost: no query.
    """
    label = model._meta.label
    for name, problem in _problems(model, tuple(_of_bodies(model))):
        yield label, name, problem
    for manager in model._meta.managers:
        label = f"{model._meta.label}.{manager.name}"
        # Not get_queryset(), which is the user's own and may query.
        rows_class = getattr(manager, "_queryset_class", QuerySet)
        plans = (getattr(rows_class, "fetch_plans", {}), getattr(manager, "fetch_plans", {}))
        for name, problem in _problems(model, plans):
            yield label, name, problem


def _of_bodies(model: type[Model]) -> Iterator[object]:
    """Yield what a model with plans of its own and its bases declare; a field of that name is no declaration."""
    from quell.loading.modelling import FetchPlanModel

    if issubclass(model, FetchPlanModel):
        yield from (vars(cls)["fetch_plans"] for cls in reversed(model.__mro__) if "fetch_plans" in vars(cls))


def _problems(model: type[Model], declared: tuple[object, ...]) -> Iterator[tuple[str, str]]:
    found: dict[Any, Any] = {}
    for plans in declared:
        if not isinstance(plans, Mapping):
            yield "", f"fetch_plans is {plans!r}, which is no mapping of names to plans"
            continue
        found |= plans
    for name, plan in found.items():
        try:
            _try(name, plan, model)
        except QuellError as error:
            yield str(name), str(error)


def _try(name: object, plan: object, model: type[Model]) -> None:
    if not isinstance(name, str) or not isinstance(plan, FetchPlan):
        msg = f'fetch_plans[{name!r}] is {plan!r}; write fetch_plans = {{"list": FetchPlan(...)}}'
        raise UsageError(msg)
    rows: QuerySet[Model, Model] = QuerySet(model)
    plan.apply(rows)
