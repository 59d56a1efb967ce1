"""What to write before a loop that runs the same SELECT again and again."""

import ast
import re
from collections.abc import Sequence

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, Model

from quell.advice.chains import Step, query_at, read_chain
from quell.advice.models import find_model
from quell.events import Fetch

# One row by its position, as an index asks for it.
_ROW_AT = re.compile(r"\bLIMIT 1 OFFSET \d+", re.IGNORECASE)
# What a chain asks for beside its rows: a lock, what comes along, another database.
_KEPT = frozenset({"select_for_update", "select_related", "prefetch_related", "using", "only", "defer"})
# What shows the label of the one row that a widget has as its value.
_LABELS = {"ForeignKeyRawIdWidget": "label_and_url_for_value", "AutocompleteSelect": "optgroups"}


def loop_code(fetch: Fetch | None) -> str:
    """Return one query for what a loop asks one by one."""
    if fetch is None:
        return "Run one query before the loop, and look the rows up in its result."
    name = fetch.model.rpartition(".")[2]
    if fetch.form_widget:
        return _widget_code(fetch, name)
    if fetch.form_field and fetch.method in {"", "iterator"}:
        # All forms of a formset copy the field, and with it choices that are a list.
        return f'field.choices = list(field.choices) where the field "{fetch.form_field}" is made'
    known = _known_code(fetch)
    if known:
        return f"{known} before the loop"
    return _general_code(fetch, name)


def _general_code(fetch: Fetch, name: str) -> str:
    if _ROW_AT.search(fetch.sql):
        return f"list() of the {name}.objects rows before the loop, and its items in the loop"
    if fetch.method == "get":
        return f"{name}.objects.in_bulk(...) before the loop"
    if fetch.method in {"count", "exists", "aggregate"}:
        return f"one {name}.objects.values(...).annotate(...) before the loop"
    return f"one {name}.objects.filter(...__in=...) before the loop"


def _widget_code(fetch: Fetch, name: str) -> str:
    """Return who can look labels up at once: each form has a copy of the widget, and no list of choices."""
    method = _LABELS[fetch.form_widget]
    return (
        f'a subclass of {fetch.form_widget} for "{fetch.form_field}" whose {method}() finds the row '
        f"in one {name}.objects.in_bulk() for all forms"
    )


def _known_code(fetch: Fetch) -> str:
    """Return the query for all values of the one column that the loop asks for, if the source spells it."""
    model = find_model(fetch.model)
    if model is None:
        return ""
    manager = model._default_manager.name
    rows = f"{model.__name__}.{manager}"
    if not query_at(fetch.origin, manager).startswith(f"{rows}."):
        return ""
    kept, steps = _split(read_chain(fetch.origin, manager).steps)
    field = _field_of(model, steps, fetch.method)
    return _code(rows + kept, field, fetch.method) if field is not None else ""


def _split(steps: Sequence[Step]) -> tuple[str, Sequence[Step]]:
    """Return the code of what one query for all rows keeps, and the steps that choose the row."""
    number = next((number for number, step in enumerate(steps) if not _is_kept(step)), len(steps))
    return "".join(step.code for step in steps[:number]).replace("'", '"'), steps[number:]


def _is_kept(step: Step) -> bool:
    values = (*step.arguments, *(keyword.value for keyword in step.keywords))
    return step.name in _KEPT and all(isinstance(value, ast.Constant) for value in values)


def _field_of(model: type[Model], steps: Sequence[Step], method: str) -> "Field[object, object] | None":
    """Return the field that the only condition of a chain compares with a value of the loop."""
    first = steps[0].name if steps else ""
    if not (first == "get" and len(steps) == 1) and not (first == "filter" and len(steps) <= 2):
        return None
    if len(steps) == 2 and steps[1].name not in {method, "get"}:
        return None
    match steps[0]:
        case Step(arguments=(), keywords=(ast.keyword(arg=str(name), value=value),)):
            return None if isinstance(value, ast.Constant) else _named(model, name)
    return None


def _named(model: type[Model], name: str) -> "Field[object, object] | None":
    try:
        found = model._meta.pk if name == "pk" else model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    # A key of several columns takes tuples, and a relation from elsewhere may give a row twice.
    return found if isinstance(found, Field) and found.concrete and found.column else None


def _code(rows: str, field: "Field[object, object]", method: str) -> str:
    name = "pk" if field.primary_key else field.name
    values = "keys" if field.primary_key or field.is_relation else "values"
    chosen = f"{rows}.filter({name}__in={values})"
    if method == "count":
        return f'{chosen}.values_list("{name}").order_by().annotate(row_count=Count("pk"))'
    if method == "exists":
        return f'set({chosen}.values_list("{name}", flat=True))'
    if method == "get" and field.primary_key:
        return f"{rows}.in_bulk({values})"
    if method == "get" and field.unique and not field.is_relation:
        return f'{rows}.in_bulk({values}, field_name="{name}")'
    return chosen
