"""What to write instead of writes in a loop, and what runs no more if one does."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import connections
from django.db.models import Model

from quell.advice.messages import BETWEEN
from quell.advice.models import find_model
from quell.events import Fetch, QueryEvent
from quell.findings import Finding
from quell.introspection.keys import is_between, is_in_one_table, is_unique
from quell.introspection.receivers import own_method, receivers_of
from quell.wording import sentences

_OF_RELATION = frozenset({"add", "remove", "set", "clear"})
_SET = re.compile(r"\bSET\s+(.*?)(?:\s+WHERE\b|$)", re.IGNORECASE | re.DOTALL)
_WHERE = re.compile(r"\bWHERE\s+(.*)", re.IGNORECASE | re.DOTALL)
_COLUMN = re.compile(r"""(?:^|[\s,(.])["`](\w+)["`]\s*=""")
MAX_FIELDS = 3  # more of them are a save() of the whole row, which does not tell what changed


def advise_write(finding: Finding, fetch: Fetch | None) -> tuple[Finding, str]:
    """Return the finding with the code to write, and a note that names what that code would skip."""
    events = finding.statements
    model = find_model(finding.model)
    verb = _verb_of(events, model)
    where = sentences.LOOP_AT(place=str(events[0].loop_line)) if _is_elsewhere(finding, events[0]) else ""
    skipped: tuple[str, ...] = ()
    if not verb or model is None:
        code = _raw_code(events)
    elif model._meta.auto_created or (verb in _OF_RELATION and not _has_updates(events)):
        code, skipped = _relation_code(model, verb), receivers_of(model, "m2m")
    else:
        code, skipped = _row_code(model, verb, events), _skipped(model, verb, events, fetch)
    return replace(finding, suggestion=code), BETWEEN.join(filter(None, (where, _warning(skipped))))


def _verb_of(events: Sequence[QueryEvent], model: type[Model] | None) -> str:
    """Return the method that writes; the manager of a foreign key may create the rows that it adds."""
    verb = events[0].verb
    if verb not in {"add", "set"} or model is None or is_between(model):
        return verb
    return "create" if {event.operation for event in events} <= {"insert", "select"} else verb


def _has_updates(events: Sequence[QueryEvent]) -> bool:
    """Tell whether a relation is a foreign key of the rows, which a manager sets to a row or to NULL."""
    return any(event.operation == "update" for event in events)


def _is_elsewhere(finding: Finding, event: QueryEvent) -> bool:
    return event.loop_line is not None and str(event.loop_line) != str(finding.trigger)


def _warning(skipped: Sequence[str]) -> str:
    return sentences.SKIPS(skipped=sentences.SKIPPED.join(skipped)) if skipped else ""


def _raw_code(events: Sequence[QueryEvent]) -> str:
    if events[0].operation == "insert":
        return "cursor.executemany(sql, rows) after the loop, or one INSERT with all rows"
    return "one statement for all rows, with WHERE ... IN (...), or cursor.executemany(sql, rows), after the loop"


def _relation_code(through: type[Model], verb: str) -> str:
    name = _through_name(through)
    if verb in {"remove", "clear"}:
        return f"{name}.objects.filter(...__in=[...]).delete(), once for all rows"
    bulk = f"{name}.objects.bulk_create([...], ignore_conflicts=True), once for all rows"
    return f"{name}.objects.filter(...__in=[...]).delete(), then {bulk}" if verb == "set" else bulk


def _through_name(through: type[Model]) -> str:
    # The stubs know it as a flag; it is the model that declares the relation.
    owner: Any = through._meta.auto_created
    if owner:
        for field in owner._meta.many_to_many:
            if field.remote_field.through is through:
                return f"{owner.__name__}.{field.name}.through"
    return through.__name__


def _row_code(model: type[Model], verb: str, events: Sequence[QueryEvent]) -> str:
    name, rows = model.__name__, f"{model._meta.model_name}s"
    changed = _fields(model, next((e.sql for e in events if e.operation == "update"), ""), _SET)
    if verb == "delete":
        return f"{name}.objects.filter(pk__in=[...]).delete(), once for all rows"
    if verb == "update":
        values = ", ".join(f"{field}=..." for field in changed) or "..."
        return (
            f"one {name}.objects.filter(pk__in=[...]).update({values}) with an expression, or bulk_update()"
        )
    done = {event.operation for event in events}
    if verb.endswith("or_create") or {"insert", "update"} <= done:
        return _upsert_code(model, verb, changed, events)
    if "update" in done:
        fields = _quoted(changed) if len(changed) <= MAX_FIELDS else "..."
        return f"{name}.objects.bulk_update({rows}, [{fields}]) after the loop, or one update() with an expression"
    # bulk_create() refuses rows that lie in two tables.
    code = (
        f"{name}.objects.bulk_create({rows})" if is_in_one_table(model) else f"one INSERT per table of {name}"
    )
    return f"{code} after the loop"


def _upsert_code(model: type[Model], verb: str, changed: Sequence[str], events: Sequence[QueryEvent]) -> str:
    """Return what creates the rows that are not there; only a unique key lets the database tell which."""
    name, rows = model.__name__, f"{model._meta.model_name}s"
    select = next((event.sql for event in events if event.operation == "select"), "")
    keys = [field.name for field in model._meta.pk_fields]
    unique = _fields(model, select, _WHERE) or tuple(keys)
    if not is_in_one_table(model) or not is_unique(model, unique):
        found = (
            f"one {name}.objects.filter({unique[0]}__in=[...]) before the loop for the rows that are there"
        )
        new = "bulk_create() of the others" if is_in_one_table(model) else "save() of the others"
        return f"{found}, then {new}" + (", and bulk_update()" if verb != "get_or_create" else "")
    if verb == "get_or_create":
        return f"{name}.objects.bulk_create({rows}, ignore_conflicts=True), then read them with one filter()"
    return f"{name}.objects.bulk_create({rows}, {_on_conflict(unique, changed, events)})"


def _on_conflict(unique: Sequence[str], changed: Sequence[str], events: Sequence[QueryEvent]) -> str:
    """Return the arguments that make ``bulk_create()`` update; MySQL finds the conflict by itself."""
    updated = [field for field in changed if field not in unique]
    fields = _quoted(updated) if 0 < len(updated) <= MAX_FIELDS else "..."
    target = f"unique_fields=[{_quoted(unique)}], "
    if not connections[events[0].alias].features.supports_update_conflicts_with_target:
        target = ""
    return f"update_conflicts=True, {target}update_fields=[{fields}]"


def _fields(model: type[Model], sql: str, part: re.Pattern[str]) -> tuple[str, ...]:
    """Return the fields of the columns that a part of a statement compares or sets."""
    found = part.search(sql)
    names = {field.column: field.name for field in model._meta.concrete_fields}
    columns = _COLUMN.findall(found[1]) if found is not None else ()
    return tuple(dict.fromkeys(names[column] for column in columns if column in names))


def _times_of(model: type[Model], verb: str, events: Sequence[QueryEvent]) -> tuple[str, ...]:
    """Return the columns that ``save()`` sets to the time, and ``bulk_update()`` leaves as they are."""
    changed = _fields(model, next((e.sql for e in events if e.operation == "update"), ""), _SET)
    fields = [field for field in model._meta.concrete_fields if getattr(field, "auto_now", False)]
    return tuple(
        sentences.AUTO_NOW(name=field.name) for field in fields if verb == "save" and field.name in changed
    )


def _skipped(
    model: type[Model], verb: str, events: Sequence[QueryEvent], fetch: Fetch | None
) -> tuple[str, ...]:
    """Return what runs for each row now, and would not for all of them at once."""
    if verb in {"save", "create", "get_or_create", "update_or_create"}:
        own = own_method(model, "save")
        return (*([own] if own else []), *receivers_of(model, "save"), *_times_of(model, verb, events))
    # delete() of a queryset sends the signals of every row, and calls no method of it.
    is_of_row = verb == "delete" and (fetch is None or fetch.method != "delete")
    own = own_method(model, "delete") if is_of_row else ""
    return (own,) if own else ()


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
