"""What is to be written for an admin: in its class, or as the class that a model does not have yet."""

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import Model

from quell.advice.models import model_of
from quell.findings import Finding
from quell.loading.plan import FetchPlan
from quell.loading.rendering import queryset_code
from quell.loading.values import drop_covered

_TEST = re.compile(r"if (db_field\.name .*?): field\.queryset")


def in_admin(finding: Finding, plan: FetchPlan, fields: Iterable[str] = ()) -> Finding:
    """
    Return a finding whose queryset an admin builds with the place and the code for all that its origin needs.

    Args:
        finding: The finding.
        plan: What its origin needs.
        fields: Whose choices the rows are; those that its code names already where they are left out.
    """
    place = finding.place
    name, _, target = place.partition(".")
    if target.startswith("formfield_for_"):
        return _with_choices(finding, plan, target, sorted(set(fields)))
    if target != "list_select_related":
        return finding
    model = model_of(finding.model)
    joins, prefetches = plan.split(model)
    if prefetches or plan.counts or plan.exists or plan.filters:
        return _with_class(replace(finding, place=f"{name}.get_queryset"), plan, model)
    names = ", ".join(f'"{join}"' for join in admin_joins(model, name, joins))
    return _with_class(replace(finding, suggestion=f"list_select_related = ({names},)"), plan, model)


def _with_class(finding: Finding, plan: FetchPlan, model: type[Model]) -> Finding:
    """Return the finding, with the whole class where the model is registered without one."""
    name, _, target = finding.place.partition(".")
    if not is_bare(finding):
        return finding
    body = [finding.suggestion]
    if target == "get_queryset":
        code = queryset_code(plan, model)
        body = [
            "def get_queryset(self, request):",
            f"    return super().get_queryset(request){code}",
        ]
    return replace(finding, listing=_class_code(name, name.removesuffix("Admin"), body))


def is_bare(finding: Finding) -> bool:
    """Tell whether the place is in a class of an admin that is still to be written."""
    return finding.origin is not None and finding.origin.function == "<module>"


def _class_code(name: str, model_name: str, body: Iterable[str]) -> str:
    lines = [f"class {name}(admin.ModelAdmin):", *(f"    {line}" for line in body)]
    return "\n".join([*lines, "", f"admin.site.register({model_name}, {name})"])


def _with_choices(finding: Finding, plan: FetchPlan, method: str, fields: Sequence[str]) -> Finding:
    """Return the finding with the method that loads more for the choices of its fields."""
    code = f"field.queryset = field.queryset{queryset_code(plan, model_of(finding.model))}"
    test = _test_of(finding, fields)
    body = [
        f"def {method}(self, db_field, request, **kwargs):",
        f"    field = super().{method}(db_field, request, **kwargs)",
        f"    if {test}:",
        f"        {code}",
        "    return field",
    ]
    name = finding.place.partition(".")[0]
    listing = _class_code(name, name.removesuffix("Admin"), body) if is_bare(finding) else "\n".join(body)
    return replace(finding, suggestion=f"if {test}: {code}", listing=listing)


def _test_of(finding: Finding, fields: Sequence[str]) -> str:
    known = _TEST.match(finding.suggestion)
    if known is not None:
        return known[1]
    names = [f'"{name}"' for name in fields]
    return f"db_field.name == {names[0]}" if len(names) == 1 else f"db_field.name in {{{', '.join(names)}}}"


def admin_joins(model: type[Model], class_name: str, joins: Sequence[str]) -> tuple[str, ...]:
    """Return what ``list_select_related`` has to name: the joins, and what it joins already."""
    present: set[str] = set()
    for admin in _admins(model, class_name):
        value = admin.list_select_related
        if isinstance(value, list | tuple):
            present |= set(value)
        else:
            present |= set(_bare_keys(model) if value else _listed_keys(model, admin.list_display))
    return drop_covered((*present, *joins))


def _bare_keys(model: type[Model]) -> Iterator[str]:
    """Yield what a bare ``select_related()`` joins: as one name is given it joins no others."""
    for field in model._meta.fields:
        if (field.many_to_one or field.one_to_one) and not field.null:
            yield field.name


def _admins(model: type[Model], class_name: str) -> Iterator[Any]:
    sites: Any = sys.modules.get("django.contrib.admin.sites")
    for site in sites.all_sites if sites is not None else ():
        admin = site._registry.get(model)
        if admin is not None and type(admin).__qualname__ == class_name:
            yield admin


def _listed_keys(model: type[Model], names: Iterable[object]) -> Iterator[str]:
    """Yield the foreign keys of ``list_display``, which the admin joins as long as nothing else is named."""
    keys = {field.name for field in model._meta.fields if field.many_to_one or field.one_to_one}
    yield from (str(name) for name in names if name in keys)
