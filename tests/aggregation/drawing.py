"""Random querysets, conditions and aggregates over a fixed set of models, and the same numbers by plain Django."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Avg, Count, F, Max, Min, Model, Q, QuerySet, StdDev, Sum, Variance
from hypothesis import assume
from hypothesis import strategies as st

from quell.aggregation.references import paths_of, resolve

_NUMERIC = {"AutoField", "IntegerField", "BigAutoField", "PositiveIntegerField", "BigIntegerField"}
_FUNCTIONS = (Count, Min, Max, Sum, Avg, StdDev, Variance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An aggregate, the condition on the row of the model, and that on the related row which is aggregated."""

    function: Any
    path: str
    is_distinct: bool
    on_row: Q
    on_related: Q

    @property
    def aggregate(self) -> Any:
        """Return it as somebody would write it."""
        condition = self.on_row & self.on_related
        options: dict[str, Any] = {"distinct": True} if self.is_distinct else {}
        return self.function(self.path, filter=condition or None, **options)

    def expected(self, model: type[Model], keys: list[Any]) -> Any:
        """Return the aggregate alone, over the rows of those keys that satisfy the condition on them."""
        rows: QuerySet[Any, Any] = QuerySet(model)
        kept = set(rows.filter(self.on_row).values_list("pk", flat=True))
        options: dict[str, Any] = {"distinct": True} if self.is_distinct else {}
        # What Django computes a spread with on SQLite takes no NULL, not even that of a row without related ones.
        given = Q(**{f"{self.path}__isnull": False}) if self.function in {StdDev, Variance} else Q()
        alone = self.function(self.path, filter=self.on_related & given or None, **options)
        return rows.filter(pk__in=[key for key in keys if key in kept]).aggregate(x=alone)["x"]


def names_of(model: type[Model], *, numeric: bool = False) -> list[str]:
    """Return the names of concrete columns."""
    return [
        field.name
        for field in model._meta.concrete_fields
        if not numeric or (field.get_internal_type() in _NUMERIC and not field.is_relation)
    ]


def hops_of(model: type[Model], *, is_condition: bool = False) -> list[str]:
    """
    Return the relations that a lookup can follow within the application.

    In a condition none of those whose key may lead nowhere: Django trusts it, and leaves the row out of any OR.
    """
    found: list[Any] = [field for field in model._meta.get_fields() if getattr(field, "path_infos", None)]
    return sorted(
        {
            field.name
            for field in found
            if field.path_infos[-1].to_opts.app_label == "planapp"
            and (getattr(field, "db_constraint", True) or not is_condition)
        }
    )


@st.composite
def paths(
    draw: st.DrawFn, model: type[Model], most: int = 2, *, is_condition: bool = False
) -> tuple[str, type[Model]]:
    """Draw relations that follow each other, or none, with the model at their end."""
    path = ""
    for _ in range(draw(st.integers(0, most))):
        names = hops_of(model, is_condition=is_condition)
        if not names:
            break
        name = draw(st.sampled_from(names))
        path += f"{name}__"
        field: Any = model._meta.get_field(name)
        model = field.path_infos[-1].to_opts.model
    return path, model


@st.composite
def conditions(draw: st.DrawFn, model: type[Model], prefix: str = "", *, most: int = 2) -> Q:
    """Draw a condition of up to three lookups, over relations as well where ``most`` allows it."""

    def lookup() -> Q:
        path, target = draw(paths(model, most, is_condition=True))
        field = target._meta.get_field(draw(st.sampled_from(names_of(target))))
        name = f"{prefix}{path}{field.name}"
        kind = draw(st.sampled_from(["isnull", "value", "in", "compare"]))
        if kind == "isnull":
            return Q(**{f"{name}__isnull": draw(st.booleans())})
        values = _values(field)
        if kind == "in":
            return Q(**{f"{name}__in": draw(st.lists(st.sampled_from(values), max_size=2))})
        if kind == "compare" and field.get_internal_type() in _NUMERIC:
            return Q(**{f"{name}__gte": F(name)}) if draw(st.booleans()) else Q(**{f"{name}__gt": 1})
        return Q(**{name: draw(st.sampled_from(values))})

    found = lookup()
    for _ in range(draw(st.integers(0, 2))):
        other = lookup()
        found = found & other if draw(st.booleans()) else found | other
        found = ~found if draw(st.integers(0, 3)) == 0 else found
    return found


def _values(field: Any) -> list[Any]:
    if field.is_relation:
        field = field.target_field
        while field.is_relation:
            field = field.target_field
    if field.get_internal_type() == "BooleanField":
        return [True, False]
    if field.get_internal_type() in _NUMERIC:
        return [0, 1, 2, 3]
    return ["s0", "b1", "n0", "c0", "p1", "o1", "é'%s"]


@st.composite
def cases(draw: st.DrawFn, model: type[Model]) -> Case:
    """Draw an aggregate over any path; what Django refuses alone is drawn again."""
    function = draw(st.sampled_from(_FUNCTIONS))
    path, target = draw(paths(model))
    names = names_of(target, numeric=function is not Count) + (["pk"] if function is Count else [])
    assume(names)
    name = draw(st.sampled_from(names))
    is_related = bool(resolve(model, f"{path}{name}").to_many)
    on_related = Q()
    if is_related and draw(st.booleans()):
        on_related = draw(conditions(target, path, most=0))
    on_row = draw(conditions(model)) if draw(st.booleans()) else Q()
    if is_related:
        # A condition on the row goes through no relation whose rows are aggregated: it would mean those.
        joined = set(resolve(model, f"{path}{name}").to_many)
        assume(not joined & _relations(model, on_row))
    return Case(
        function=function,
        path=f"{path}{name}",
        is_distinct=function in {Count, Sum, Avg} and name != "pk" and draw(st.booleans()),
        on_row=on_row,
        on_related=on_related,
    )


def _relations(model: type[Model], condition: Q) -> set[str]:
    return {prefix for path in paths_of(condition) for prefix in resolve(model, path).to_many}


@dataclass(frozen=True, slots=True)
class Chosen:
    """A queryset by what it is made of, as its own representation would evaluate it."""

    model: type[Model]
    kind: str
    condition: Q
    other: Q

    def queryset(self) -> QuerySet[Any, Any]:
        """Return the queryset."""
        model, rows = self.model, QuerySet[Any, Any](self.model)
        column = names_of(model)[-1]
        filtered = rows.filter(self.condition)
        kinds: dict[str, Callable[[], QuerySet[Any, Any]]] = {
            "all": lambda: rows,
            "none": rows.none,
            "filter": lambda: filtered,
            "exclude": lambda: rows.exclude(self.condition),
            "distinct": filtered.distinct,
            "sliced": lambda: filtered.order_by("-pk")[1:3],
            "sliced distinct": lambda: filtered.distinct().order_by("pk")[:2],
            "union": lambda: filtered.order_by().union(rows.order_by().filter(self.other)),
            "values": lambda: filtered.values(column),
            "annotated": lambda: filtered.annotate(copy_of=F(column)).filter(copy_of__isnull=False),
            "grouped": lambda: filtered.annotate(number_of=Count("pk")).filter(number_of__gte=1),
        }
        return kinds[self.kind]()


def querysets(model: type[Model]) -> st.SearchStrategy[Chosen]:
    """Draw a queryset of any kind that stands for rows."""
    return st.builds(Chosen, st.just(model), st.sampled_from(_KINDS), conditions(model), conditions(model))


_KINDS = (
    "all",
    "none",
    "filter",
    "exclude",
    "distinct",
    "sliced",
    "sliced distinct",
    "union",
    "values",
    "annotated",
    "grouped",
)


def keys_of(queryset: QuerySet[Any, Any]) -> list[Any]:
    """Return the key of each row once."""
    if queryset.query.combinator or queryset.query.is_sliced:
        return list({row.pk for row in queryset})
    names = [field.attname for field in queryset.model._meta.pk_fields]
    found = set(queryset.values_list(*names))
    return [key if len(names) > 1 else key[0] for key in found]


def is_close(one: Any, other: Any) -> bool:
    """Tell whether two values are equal; floats that were added up in another order may differ in the last digits."""
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= 1e-9 * max(1.0, abs(one), abs(other))
    return type(one) is type(other) and bool(one == other)
