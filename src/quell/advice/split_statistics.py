"""The ``Statistics`` to write for counts and aggregates that are asked one by one."""

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from django.db.models import Model

from quell.advice.chains import Step
from quell.advice.counting import Asked, read_asked
from quell.advice.local_names import Names
from quell.advice.models import model_of
from quell.aggregation.declaring import is_number_name
from quell.aggregation.functions import OPTIONS
from quell.aggregation.references import resolve
from quell.exceptions import UsageError
from quell.findings import Finding
from quell.wording.sentences import NUMBERS_OF

_AGGREGATES = frozenset({"Avg", "Count", "Max", "Min", "StdDev", "Sum", "Variance"})
_CONDITIONS = frozenset({"filter", "exclude"})


class UnreadableError(Exception):
    """The source says something that has no place in a declaration, or that cannot be followed."""


@dataclass(frozen=True, slots=True)
class _Number:
    """
    A number to declare.

    ``plain`` is its code with Django's own aggregates, which a module may have imported: those take no lookups, and
    say nothing of it.
    """

    name: str
    code: str
    plain: str
    is_static: bool


def advise_statistics(finding: Finding) -> Finding:
    """Return the finding with one statement for its numbers: in one line, and as a class where it can be one."""
    model = model_of(finding.model)
    name = f"{model.__name__}Statistics"
    message = NUMBERS_OF(count=finding.count, model=finding.model)
    asked = read_asked(finding.statements)
    try:
        rows, numbers = _numbers(model, asked)
    except (UnreadableError, UsageError):
        code = f'one {name} that declares each number, such as total = Count("pk"), and one fetch()'
        return replace(finding, suggestion=code, message=message)
    inner = ", ".join(f"{number.name}={number.plain}" for number in numbers)
    listing = _listing(model, name, rows, numbers) if all(number.is_static for number in numbers) else ""
    return replace(
        finding,
        suggestion=f"quell.Statistics.of({rows}, {inner}).fetch()",
        listing=listing,
        message=message,
    )


def _listing(model: type[Model], name: str, rows: str, numbers: Sequence[_Number]) -> str:
    used = sorted({number.code.partition("(")[0] for number in numbers})
    given = "" if rows == f"{model.__name__}.{model._default_manager.name}" else rows
    return "\n".join(
        [
            "import quell",
            f"from quell.aggregation import {', '.join(used)}",
            "",
            "",
            f"class {name}(quell.Statistics):",
            *(f"    {number.name} = {number.code}" for number in numbers),
            "",
            "    class Meta:",
            f"        model = {model.__name__}",
            "",
            "",
            f"numbers = {name}({given}).fetch()",
        ]
    )


def _numbers(model: type[Model], asked: Sequence[Asked]) -> tuple[str, list[_Number]]:
    """Return the rows that all numbers are of, and the numbers."""
    if not asked or len({item.rows for item in asked}) > 1:
        raise UnreadableError
    common = _common(asked)
    rows = asked[0].rows + "".join(step.code for step in asked[0].steps[:common])
    found: list[_Number] = []
    for item in asked:
        found += _declared(model, item, item.steps[common:])
    return rows.replace("'", '"'), _with_own_names(found)


def _common(asked: Sequence[Asked]) -> int:
    """Return how many steps all chains begin with."""
    steps = [[step.code for step in item.steps] for item in asked]
    shortest = min(map(len, steps))
    return next((n for n in range(shortest) if len({codes[n] for codes in steps}) > 1), shortest)


def _declared(model: type[Model], asked: Asked, steps: Sequence[Step]) -> Iterator[_Number]:
    lookups, conditions = _conditions(model, asked.names, steps)
    is_static = all(asked.names.is_static(node) for node in _values(lookups, conditions))
    if asked.call.name == "count":
        if asked.call.arguments or asked.call.keywords:
            raise UnreadableError
        call = ast.Call(ast.Name("Count"), [ast.Constant("pk")], [])
        yield _number(asked.name or _described(lookups), call, lookups, conditions, is_static=is_static)
        return
    given = [("", item) for item in asked.call.arguments]
    given += [(item.arg or "", item.value) for item in asked.call.keywords]
    for key, node in given:
        call = _aggregate(model, node)
        label = asked.name if asked.name and len(given) == 1 else key
        parts = [*call.args, *(keyword.value for keyword in call.keywords)]
        yield _number(
            label or f"{ast.unparse(call.func).lower()}_{_described(lookups)}",
            call,
            lookups,
            conditions,
            is_static=is_static and all(map(asked.names.is_static, parts)),
        )


def _number(
    name: str,
    call: ast.Call,
    lookups: Sequence[ast.keyword],
    conditions: Sequence[ast.expr],
    *,
    is_static: bool,
) -> _Number:
    asked: ast.expr = ast.Call(ast.Name("Q"), [], list(lookups))
    plain = _call(call, [], [*([asked] if lookups else []), *conditions])
    return _Number(name, _call(call, lookups, conditions), plain, is_static)


def _aggregate(model: type[Model], node: ast.expr) -> ast.Call:
    """Return an aggregate of a column, without a condition of its own."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str(path)), *_]) if (
            name in _AGGREGATES
        ):
            if any(keyword.arg in {None, "filter"} for keyword in node.keywords):
                raise UnreadableError
            if path != "*":
                resolve(model, path)
            source: list[ast.expr] = [ast.Constant("pk" if path == "*" else path), *node.args[1:]]
            return ast.Call(ast.Name(name), source, node.keywords)
    raise UnreadableError


def _conditions(
    model: type[Model], names: Names, steps: Sequence[Step]
) -> tuple[list[ast.keyword], list[ast.expr]]:
    """Return the conditions of steps: as keywords, and those that take a ``Q``."""
    lookups: list[ast.keyword] = []
    others: list[ast.expr] = []
    for step in steps:
        if step.name not in _CONDITIONS or step.arguments or any(item.arg is None for item in step.keywords):
            raise UnreadableError
        keywords = [ast.keyword(item.arg, names.resolved(item.value)) for item in step.keywords]
        paths = [item.arg or "" for item in keywords]
        if any(resolve(model, path).to_many for path in paths):
            # A join counts a row once for each related one.
            raise UnreadableError
        taken = {item.arg for item in lookups}
        if step.name == "filter" and not any(path in OPTIONS or path in taken for path in paths):
            lookups += keywords
            continue
        condition: ast.expr = ast.Call(ast.Name("Q"), [], keywords)
        others.append(condition if step.name == "filter" else ast.UnaryOp(ast.Invert(), condition))
    return lookups, others


def _values(lookups: Iterable[ast.keyword], conditions: Iterable[ast.expr]) -> Iterator[ast.expr]:
    yield from (item.value for item in lookups)
    for condition in conditions:
        yield from (item.value for item in ast.walk(condition) if isinstance(item, ast.keyword))


def _call(call: ast.Call, lookups: Sequence[ast.keyword], conditions: Sequence[ast.expr]) -> str:
    asked = [*call.keywords, *lookups]
    if conditions:
        joined = conditions[0]
        for condition in conditions[1:]:
            joined = ast.BinOp(joined, ast.BitAnd(), condition)
        asked.append(ast.keyword("filter", joined))
    code = ast.unparse(ast.Call(call.func, call.args, asked))
    return code.replace("'", '"') if '"' not in code else code


def _described(lookups: Sequence[ast.keyword]) -> str:
    """Return a name for a number that has none: that of what it compares."""
    return "_".join((item.arg or "").partition("__")[0] for item in lookups[:2]) or "total"


def _with_own_names(numbers: Sequence[_Number]) -> list[_Number]:
    """Let each number have a name of its own, which it can have."""
    taken: set[str] = set()
    found = []
    for number in numbers:
        name = number.name if is_number_name(number.name) else f"{number.name}_number".lstrip("_0123456789")
        position, free = 2, name
        while free in taken:
            free, position = f"{name}_{position}", position + 1
        taken.add(free)
        found.append(replace(number, name=free))
    return found
