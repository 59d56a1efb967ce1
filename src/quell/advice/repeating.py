"""What to write instead of a query that was already asked: keep the result, or pass it on."""

from collections.abc import Iterable
from dataclasses import replace

from quell.advice.chains import Chain, is_static, query_at, read_chain
from quell.advice.models import find_model
from quell.events import Fetch, Location
from quell.findings import Finding
from quell.wording.sentences import ASKED_AT

_ONE_ROW = frozenset({"get", "first", "last", "earliest", "latest"})
_CALLS = _ONE_ROW | {"count", "exists"}
_WORDS = {"count": "{}_count", "exists": "has_{}", "aggregate": "{}_numbers"}


def advise_repeat(finding: Finding, fetch: Fetch | None, fetches: Iterable[Fetch]) -> tuple[Finding, str]:
    """Return the finding with the code that keeps the first answer, and a note that names all lines."""
    lines = dict.fromkeys(map(str, (finding.origin, *finding.triggers)))
    note = ASKED_AT(places=", ".join(lines)) if len(finding.triggers) > 1 else ""
    return replace(finding, suggestion=_code(finding, fetch, fetches)), note


def is_same_each_time(finding: Finding, fetch: Fetch | None) -> bool:
    """Tell whether a loop asks one question, whose code names nothing that the loop or the function sets."""
    asked = {(event.sql, event.params_hash, event.alias) for event in finding.statements}
    if fetch is None or fetch.kind != "root" or len(asked) != 1:
        return False
    model = find_model(fetch.model)
    chain = read_chain(fetch.origin, model._default_manager.name) if model is not None else Chain()
    return bool(chain.steps) and chain.is_same_for_all(chain.steps)


def _code(finding: Finding, fetch: Fetch | None, fetches: Iterable[Fetch]) -> str:
    if fetch is None:
        return f"keep the rows of the first execute() in a variable{_handed_on(finding, 'them')}"
    if fetch.owner is not None and not fetch.hops:
        return "one refresh_from_db() is enough: nothing was written since"
    name = _name(finding, fetch)
    if fetch.method == "count" and _is_loaded(fetch, fetches):
        rows = finding.path or f"{finding.model.rpartition('.')[2].lower()}s"
        return f"len() of the {rows} that are loaded anyway, instead of .count()"
    if finding.trigger is not None and not finding.trigger.file.endswith(".py"):
        return f"{{% with {name}=... %}} around both lines, or {name} in the context of the template"
    return f"{name} = {_expression(finding, fetch)} once{_kept_where(finding, name)}"


def _name(finding: Finding, fetch: Fetch) -> str:
    """Return a name for the result: that of the relation, or of the model."""
    noun = finding.path.removesuffix("_set") or fetch.model.rpartition(".")[2].lower()
    if fetch.method in _WORDS:
        return _WORDS[fetch.method].format(noun)
    is_one = fetch.is_single or fetch.method in _ONE_ROW
    return noun if is_one or finding.path else f"{noun}s"


def _expression(finding: Finding, fetch: Fetch) -> str:
    """Return what the source asks, or else what the fetch tells of it."""
    accessor = finding.path or "objects"
    found = query_at(finding.origin, accessor) or query_at(finding.trigger, accessor)
    if not found:
        owner = fetch.owner_model.rpartition(".")[2].lower()
        found = f"{owner}.{finding.path}" if finding.path else f"{fetch.model.rpartition('.')[2]}.objects"
        found += f".{fetch.method or 'all'}()" if not fetch.is_single else ""
    if fetch.method in _CALLS and f".a{fetch.method}(" in found:
        return f"await {found}"
    if fetch.method in _CALLS and f".{fetch.method}(" not in found:
        found += f".{fetch.method}()"
    is_list = (
        fetch.method in {"", "iterator"} and not fetch.is_single and not found.startswith(("list(", "len("))
    )
    return f"list({found})" if is_list else found


def _is_loaded(fetch: Fetch, fetches: Iterable[Fetch]) -> bool:
    """Tell whether the rows that a count counts were loaded, too."""
    return any(
        other.method in {"", "iterator"}
        and (other.kind, other.model, other.hops, other.owner)
        == (fetch.kind, fetch.model, fetch.hops, fetch.owner)
        and not other.variant
        and (bool(fetch.hops) or other.origin == fetch.origin)
        and _condition(other.sql) == _condition(fetch.sql)
        for other in fetches
    )


def _condition(sql: str) -> str:
    """Return what chooses the rows: a page of them is not all that a count counts."""
    return sql.partition(" WHERE ")[2].partition(" ORDER BY ")[0] + sql.partition(" LIMIT ")[2]


def _is_kept_by_object(finding: Finding) -> bool:
    """Tell whether one method of a class, called again and again, asked every time."""
    one = finding.origin is not None and finding.origin == finding.trigger and len(finding.triggers) == 1
    is_method = one and "." in _function(finding.trigger).replace("<locals>.", "")
    return is_method and not is_static(finding.trigger)


def _kept_where(finding: Finding, name: str) -> str:
    if _is_in_loop(finding):
        return ", before the loop"
    if _is_kept_by_object(finding):
        return f" per object: a cached_property that {_last(finding)}() reads"
    return _handed_on(finding, name)


def _handed_on(finding: Finding, name: str) -> str:
    """Return where the kept result goes: on to the function that asks again, or in from the one that calls twice."""
    functions = list(dict.fromkeys(_function(spot) for spot in finding.triggers if spot.function))
    if len(functions) > 1:
        return f", and pass {name} on to {functions[-1].rpartition('.')[2]}()"
    if len(finding.triggers) == 1 and functions and not functions[0].startswith("<"):
        return f" in the caller of {functions[0].rpartition('.')[2]}(), and pass {name} in"
    return f", and use {name} again"


def _is_in_loop(finding: Finding) -> bool:
    """Tell whether one line asked, in a loop of its own function."""
    loops = {event.loop_line for event in finding.statements}
    return len(finding.triggers) == 1 and loops == {finding.trigger}


def _last(finding: Finding) -> str:
    return _function(finding.trigger).rpartition(".")[2]


def _function(spot: Location | None) -> str:
    """Return the function of a line; a comprehension belongs to the function around it."""
    name = spot.function if spot is not None else ""
    parts = name.split(".<locals>.")
    while len(parts) > 1 and parts[-1] in {"<lambda>", "<listcomp>", "<genexpr>", "<dictcomp>", "<setcomp>"}:
        parts.pop()
    return parts[-1]
