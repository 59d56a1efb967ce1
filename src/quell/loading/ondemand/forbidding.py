"""Loads that are not allowed, and what to add so that they need not happen."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias
from weakref import WeakKeyDictionary, ref

from django.db.models import Count, Model
from django.db.models.sql.where import WhereNode

from quell.exceptions import LazyLoadForbidden, QuellError
from quell.lineage.alias import FetchAlias, FetchRecord
from quell.loading.ondemand.compiling import is_existence
from quell.loading.ondemand.groups import State
from quell.loading.ondemand.questions import Question
from quell.loading.plan import FetchPlan

Only: TypeAlias = Literal["n_plus_one"]
# The stubs leave out what queries are made of.
Query: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Forbidden:
    """A load that must not happen."""

    error: LazyLoadForbidden


@dataclass(slots=True)
class Forbid:
    """
    What one block forbids: every load on demand, or what a second row of a fetch loads.

    The first error is kept, for the end of the block.
    """

    only: Only | None = None
    error: LazyLoadForbidden | None = None
    _seen: "WeakKeyDictionary[FetchRecord, dict[Hashable, ref[Model] | None]]" = field(
        default_factory=WeakKeyDictionary
    )

    def error_for(
        self, question: Question, query: Query, state: State, *, is_batched: bool
    ) -> LazyLoadForbidden | None:
        """Return the error of a load; ``None`` for one that is allowed."""
        if not question.is_of_one or question.kind == "filter":
            # A prefetch, or a queryset of its own: somebody asked for it.
            return None
        if self.only == "n_plus_one" and (is_batched or not self._is_second(question, state)):
            return None
        made = _error(question, query, state)
        self.error = self.error or made
        return made

    def _is_second(self, question: Question, state: State) -> bool:
        alias = question.alias
        if type(alias) is not FetchAlias or state.group_of(alias) is None:
            return False
        seen = self._seen.setdefault(alias.fetch, {})
        key = alias.hops, question.tie.lhs.target, question.name
        owner = ref(question.owner) if question.owner is not None else None
        if key not in seen:
            seen[key] = owner
            return False
        # A row that asks twice, such as for two filters of one relation, is no second one.
        return owner is None or seen[key] != owner


def _error(question: Question, query: Query, state: State) -> LazyLoadForbidden:
    model, path = _path(question, state)
    name = question.accessor or question.tie.lhs.target.model._meta.object_name.lower()
    whole = f"{path}__{name}" if path else name
    label = model._meta.label
    plan = _plan(question, query, path, name)
    start = f'"{whole}" of {label} was loaded on demand inside quell.forbid_lazy_loading()'
    if plan is None:
        advice = f'Load the column with the row: take "{whole}" out of defer(), or add it to only()'
    else:
        advice = f"Add to the queryset of {label}: {_code(plan, model)}, which is quell.{plan!r}"
        if _is_filtered(query, question):
            advice += (
                "; it serves .all(), so filter those rows in Python, or declare them as filters= of the plan"
            )
    return LazyLoadForbidden(f"{start}. {advice}.", model=label, path=whole, plan=plan)


def _path(question: Question, state: State) -> tuple[type[Model], str]:
    """Return the model of the root, and the way from there to the owner."""
    alias = question.alias
    if type(alias) is not FetchAlias:
        return type(question.owner) if question.owner is not None else question.tie.lhs.target.model, ""
    names: list[str] = []
    while True:
        names[:0] = alias.hops
        asked = state.parents.get(alias.fetch)
        if asked is None or type(asked[0]) is not FetchAlias:
            return alias.fetch.model, "__".join(names)
        alias = asked[0]
        names.insert(0, asked[1])


def _plan(question: Question, query: Query, path: str, name: str) -> FetchPlan | None:
    if question.kind == "column":
        return None
    if not path and not _is_filtered(query, question):
        if is_existence(query):
            return FetchPlan(exists={f"has_{name}": name})
        if _is_count(query):
            return FetchPlan(counts={f"{name}_count": name})
    return FetchPlan(f"{path}__{name}" if path else name)


def _is_count(query: Query) -> bool:
    return list(query.annotation_select) == ["__count"] and type(query.annotation_select["__count"]) is Count


def _is_filtered(query: Query, question: Question) -> bool:
    """Tell whether a manager's rows are narrowed by more than their owner."""
    inner = getattr(query, "inner_query", None) or query
    is_generic = not question.tie.lhs.target.is_relation
    return question.kind == "manager" and _count(inner.where) > (2 if is_generic else 1)


def _count(node: Any) -> int:
    return sum(map(_count, node.children)) if isinstance(node, WhereNode) else 1


def _code(plan: FetchPlan, model: type[Model]) -> str:
    try:
        return plan.as_code(model)
    except QuellError:
        # Such as a relation without a name.
        return repr(plan)
