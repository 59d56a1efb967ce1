"""What is asked for, in one form: an aggregate of certain rows, and the condition that they satisfy."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Aggregate, Count, F, Field, Model, Q, Value
from django.db.models.constants import LOOKUP_SEP
from django.db.models.expressions import Star
from django.db.models.lookups import IsNull

from quell.aggregation.conditions import Scope, conjuncts, joined_by_and, without_joins
from quell.aggregation.functions import Exists, RowCount, condition_of, with_condition, without_condition
from quell.aggregation.picks import Pick
from quell.aggregation.references import paths_of, relations_of, resolve
from quell.exceptions import UsageError

# What holds whole numbers, and no key that numbers itself.
INTEGERS = frozenset(
    {"SmallIntegerField", "IntegerField", "BigIntegerField"}
    | {"PositiveSmallIntegerField", "PositiveIntegerField", "PositiveBigIntegerField"}
)
_SPREAD = frozenset({"STDDEV_POP", "STDDEV_SAMP", "VAR_POP", "VAR_SAMP"})
_NUMERIC_ONLY = _SPREAD | {"SUM", "AVG"}
_NOT_NUMERIC = frozenset(
    {
        "CharField",
        "TextField",
        "SlugField",
        "EmailField",
        "URLField",
        "UUIDField",
        "DateField",
        "DateTimeField",
    }
    | {"BooleanField", "JSONField", "FileField", "BinaryField", "GenericIPAddressField", "TimeField"}
)


@dataclass(frozen=True, slots=True, eq=False)
class Number:
    """
    One value to compute.

    Attributes:
        aggregate: Without its condition; where several aggregates are combined, each keeps its own. Or what is picked.
        conditions: What is true for each row that is aggregated; all of them, and none needs a further join.
        joined: The relations with several rows whose rows are aggregated, together with those of the model.
        key: Equal for numbers that are equal.
        is_generic: The SQL holds the key of a content type, which differs between databases.
    """

    aggregate: Any
    conditions: tuple[Any, ...]
    joined: frozenset[str]
    key: object
    is_generic: bool = False

    @property
    def counts_rows(self) -> bool:
        """Tell whether it is a count of the model's rows themselves."""
        return isinstance(self.aggregate, RowCount)

    @property
    def asks_existence(self) -> bool:
        """Tell whether one row is all that has to be found."""
        return isinstance(self.aggregate, Exists)

    @property
    def is_picked(self) -> bool:
        """Tell whether it is the values of certain rows, and nothing that is computed."""
        return isinstance(self.aggregate, Pick)

    @property
    def stands_alone(self) -> bool:
        """Tell whether no other number can be found by the same pass."""
        return self.asks_existence or self.is_picked

    @property
    def asks_tables(self) -> bool:
        """Tell whether a condition asks another table for each row."""
        return any(_has_subquery(item) for item in self.conditions)

    def expression(self, hoisted: tuple[Any, ...] = ()) -> Any:
        """Return the aggregate with its condition, without what the statement asks of all rows anyway."""
        rest = tuple(item for item in self.conditions if not is_among(item, hoisted))
        condition = joined_by_and(rest)
        return self.aggregate if condition is None else with_condition(self.aggregate, condition)


def read_number(
    model: type[Model], name: str, expression: Any, known: frozenset[str] = frozenset()
) -> Number:
    """
    Bring an expression as ``aggregate()`` takes it into the form that is planned.

    Raises:
        UsageError: If it is no aggregate, names an unknown field, aggregates an aggregate, or a column of a type
            that the function does not take.
    """
    aggregates = tuple(_aggregates(expression))
    if not aggregates:
        msg = f'"{name}" of {model._meta.label} is {expression!r}, and no aggregate; write Count("pk") or the like'
        raise UsageError(msg)
    for aggregate in aggregates:
        _check(model, name, aggregate, known)
    joined = {relations_of(model, _sources(aggregate), known) for aggregate in aggregates}
    if len(joined) > 1:
        msg = (
            f'"{name}" of {model._meta.label} combines aggregates over different relations; declare each under a name '
            "of its own, and divide them with Ratio()"
        )
        raise UsageError(msg)
    scope = Scope(model, joined.pop(), known)
    is_generic = any(
        resolve(model, path).is_generic
        for path in paths_of(expression)
        if path.split(LOOKUP_SEP)[0] not in known
    )
    return _number(scope, expression, is_generic=is_generic)


def _number(scope: Scope, expression: Any, *, is_generic: bool) -> Number:
    if not isinstance(expression, Aggregate):
        rewritten = _rewritten(scope, expression)
        return Number(rewritten, (), scope.joined, key_of(expression), is_generic)
    condition = condition_of(expression)
    plain = without_condition(expression)
    conditions: tuple[Any, ...] = ()
    if condition is not None:
        asked = condition if isinstance(condition, Q) else Q(condition)
        conditions = conjuncts(without_joins(scope, asked))
    if expression.function in _SPREAD:
        # What Django computes with on SQLite takes no NULL, which every other database leaves out by itself.
        conditions += (IsNull(expression.get_source_expressions()[0], rhs=False),)
    if isinstance(expression, Exists):
        (path,) = paths_of(plain)
        conditions += () if path == "pk" else ((f"{path}__isnull", False),)
        return Number(plain, conditions, scope.joined, key_of(expression), is_generic)
    if is_row_count(scope.model, expression):
        return Number(RowCount(Value(1)), conditions, scope.joined, key_of((RowCount, condition)), is_generic)
    return Number(plain, conditions, scope.joined, key_of(expression), is_generic)


def is_row_count(model: type[Model], expression: Any) -> bool:
    """Tell whether a count counts each row of the model once."""
    if not isinstance(expression, Count):
        return False
    source: Any = expression.get_source_expressions()[0]
    if isinstance(source, Star):
        return True
    if not isinstance(source, F):
        return False
    (path,) = paths_of(source)
    if LOOKUP_SEP in path:
        return False
    reference = resolve(model, path)
    field: Any = reference.field
    # Django 5.2 calls a many-to-many field concrete.
    is_own = isinstance(field, Field) and field.concrete and not reference.to_many
    is_key = path == "pk" or (is_own and field.primary_key)
    if getattr(expression, "distinct", False):
        return is_key and len(model._meta.pk_fields) == 1
    return is_key or (is_own and not field.null)


def _rewritten(scope: Scope, expression: Any) -> Any:
    """Return a combination of aggregates with conditions that need no further join."""
    if isinstance(expression, Aggregate):
        condition = condition_of(expression)
        if condition is None:
            return expression
        asked = condition if isinstance(condition, Q) else Q(condition)
        return with_condition(expression, without_joins(scope, asked))
    sources = expression.get_source_expressions()
    copy = expression.copy()
    copy.set_source_expressions([source and _rewritten(scope, source) for source in sources])
    return copy


def _aggregates(expression: Any) -> Iterator[Aggregate]:
    if isinstance(expression, Aggregate):
        yield expression
    elif hasattr(expression, "get_source_expressions"):
        for source in expression.get_source_expressions():
            yield from _aggregates(source)


def _sources(aggregate: Aggregate) -> Any:
    """Return an aggregate without its condition, whose paths are those of the values that are aggregated."""
    return without_condition(aggregate)


def _check(model: type[Model], name: str, aggregate: Aggregate, known: frozenset[str]) -> None:
    _check_conditions(model, name, aggregate)
    for source in without_condition(aggregate).get_source_expressions():
        if any(True for _ in _aggregates(source)):
            msg = (
                f'"{name}" of {model._meta.label} aggregates an aggregate; declare the inner one under a name of its '
                "own, or group with by()"
            )
            raise UsageError(msg)
        path = next(paths_of(source), "") if isinstance(source, F) else ""
        if not path or path.split(LOOKUP_SEP)[0] in known:
            continue
        reference = resolve(model, path)
        kind = getattr(reference.field, "get_internal_type", str)()
        if not reference.rest and aggregate.function in _NUMERIC_ONLY and kind in _NOT_NUMERIC:
            msg = (
                f'"{name}" of {model._meta.label} computes {aggregate.function} of "{path}", which is a {kind}; '
                "only numbers and durations have one"
            )
            raise UsageError(msg)


def _check_conditions(model: type[Model], name: str, aggregate: Aggregate) -> None:
    """Refuse conditions as keywords where they are none: Django's own aggregates take any keyword, and ignore it."""
    names = {field.name for field in model._meta.get_fields()}
    for keyword in aggregate.extra:
        if keyword.split(LOOKUP_SEP)[0] in names:
            kind = type(aggregate).__name__
            msg = (
                f'"{name}" of {model._meta.label} has the condition {keyword}=..., which {kind} of Django ignores; '
                f"import {kind} from quell.aggregation, or write filter=Q({keyword}=...)"
            )
            raise UsageError(msg)


def is_among(condition: object, others: tuple[Any, ...]) -> bool:
    """Tell whether a condition is one of several: 1 equals True, and is another text in SQL."""
    return any(condition == other and repr(condition) == repr(other) for other in others)


def _has_subquery(node: object) -> bool:
    if isinstance(node, Q):
        return any(_has_subquery(child) for child in node.children)
    if isinstance(node, tuple):
        return hasattr(node[1], "query")
    return hasattr(node, "query")


def key_of(identity: object) -> object:
    """Return what equal numbers share; what cannot be hashed is equal to nothing."""
    try:
        hash(identity)
    except TypeError:
        return object()
    return identity, repr(identity)


def distinct_numbers(numbers: Mapping[str, Number]) -> dict[str, str]:
    """Return for each name the first name of an equal number, which is computed in its place."""
    first: dict[object, str] = {}
    return {name: first.setdefault(number.key, name) for name, number in numbers.items()}
