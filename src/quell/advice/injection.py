"""Run unchanged code as if its querysets had been changed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any, ParamSpec, TypeAlias, TypeVar

from django.db.models import Model, QuerySet

from quell.exceptions import QuellError
from quell.lineage.answering import MISSING, answering
from quell.lineage.callpath import instructions
from quell.lineage.sites import ATTRIBUTE, Site
from quell.loading.batching import Batch
from quell.loading.plan import FetchPlan

Tail = tuple[tuple[int, int], ...]
# The stubs leave out most of what a queryset is made of.
Rows: TypeAlias = Any
SiteKey = tuple[int, int]
P = ParamSpec("P")
R = TypeVar("R")

_ANY_INSTRUCTION = -1
_boundaries: dict[int, CodeType] = {}


@dataclass(slots=True)
class Injection:
    """
    The changes to make in one run: plans by the querysets they belong to, batches by the calls they answer.

    A queryset is recognised by the line that built it, or, where a framework did, by the frames that run it.
    """

    plans_by_site: dict[tuple[SiteKey, str], FetchPlan] = field(default_factory=dict)
    plans_by_tail: dict[tuple[Tail, str], FetchPlan] = field(default_factory=dict)
    batches: dict[tuple[Tail, str], Batch] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    met_count: int = 0

    def rows(self, queryset: Rows, frame: FrameType | None) -> list[Any] | None:
        """Return the rows of the changed queryset, or ``None`` where nothing is changed."""
        answered = self._batched(queryset, "", frame)
        if answered is not MISSING:
            return answered  # type: ignore[return-value]  # a batch of rows is a list
        changed = self.replacement(queryset, frame)
        if changed is None:
            return None
        with _aside():
            found = list(changed)
        # A page may show the SQL, or build on this queryset: then it sees what the change makes of it.
        queryset._query = changed._query
        queryset._prefetch_related_lookups = changed._prefetch_related_lookups
        return found

    def value(self, queryset: Rows, method: str, frame: FrameType | None) -> object:
        """Return the count or existence from a batch."""
        return self._batched(queryset, method, frame)

    def replacement(self, queryset: Rows, frame: FrameType | None) -> Rows | None:
        """Return the queryset with its plan, or ``None`` where it has none."""
        plan = self._plan_for(queryset, frame)
        if plan is None:
            return None
        self.met_count += 1
        if queryset._fields is not None:
            return None
        try:
            return _changed(queryset, plan)
        except QuellError as error:
            self.fail(str(error))
            return None

    def fail(self, reason: str) -> None:
        """Note once why a change cannot be made."""
        if reason not in self.failures:
            self.failures.append(reason)

    def _plan_for(self, queryset: Rows, frame: FrameType | None) -> FetchPlan | None:
        label = queryset.model._meta.label
        site: Site | None = queryset._query.__dict__.get(ATTRIBUTE)
        if site is not None and site.code is not None:
            plan = self.plans_by_site.get(((id(site.code), site.lasti), label))
            if plan is not None:
                return plan
        if not self.plans_by_tail:
            return None
        tail = _within(instructions(frame))
        return self.plans_by_tail.get((tail, label)) or self.plans_by_tail.get((_anywhere(tail), label))

    def _batched(self, queryset: Rows, method: str, frame: FrameType | None) -> object:
        if queryset.model._meta.label not in self._batched_labels():
            return MISSING
        instance = _owner_of(queryset)
        batch = self.batches.get((_within(instructions(frame)), queryset.model._meta.label))
        if batch is None or instance is None:
            return MISSING
        self.met_count += 1
        try:
            with _aside():
                return _ask(batch, queryset, method, instance)
        except QuellError as error:
            self.fail(str(error))
            return MISSING

    def _batched_labels(self) -> set[str]:
        return {label for _, label in self.batches}


def _changed(queryset: Rows, plan: FetchPlan) -> Rows:
    changed = queryset._chain()
    if not queryset.query.combinator:
        return plan.apply(changed)
    joins, prefetches = plan.split(queryset.model)
    if joins:
        return plan.apply(changed)
    # A union hands on what the queryset that begins it prefetches, and there it is to be written.
    changed._prefetch_related_lookups = (*changed._prefetch_related_lookups, *prefetches)
    return changed


def _owner_of(queryset: Rows) -> Model | None:
    """Return the instance whose manager built a queryset; that of a generic relation gives no hint."""
    site: Site | None = queryset._query.__dict__.get(ATTRIBUTE)
    owner: Model | None = site.instance if site is not None else None
    return owner if owner is not None else queryset._hints.get("instance")


def _ask(batch: Batch, queryset: Rows, method: str, instance: Model) -> object:
    if not method:
        return batch.rows(queryset, instance)
    count = batch.count(queryset, instance)
    return count > 0 if method == "exists" else count


class _aside:  # noqa: N801 -- used like a function
    """Run the changed queryset itself without changing it again."""

    def __enter__(self) -> None:
        self._token = answering.set(None)

    def __exit__(self, *error: object) -> None:
        answering.reset(self._token)


def boundary(function: Callable[P, R]) -> Callable[P, R]:
    """Mark the function that makes one run: what calls it differs from run to run."""
    code: CodeType = function.__code__
    _boundaries[id(code)] = code
    return function


def tail_behind(frames: Sequence[Any], codes: Mapping[int, str]) -> Tail:
    """Return the frames of a path outside of the queryset's own method, which a replaced method also sees."""
    for position, frame in enumerate(frames):
        name = codes.get(id(frame.code))
        if name is not None:
            tail = _within(tuple((id(item.code), item.lasti) for item in frames[position + 1 :]))
            return _anywhere(tail) if name == "_iterator" else tail
    return ()


def _anywhere(tail: Tail) -> Tail:
    """Return a tail with any line of its innermost function, that of ``iterator()``: another line reads the rows."""
    return ((tail[0][0], _ANY_INSTRUCTION), *tail[1:]) if tail else ()


def _within(tail: Tail) -> Tail:
    for position, (code, _) in enumerate(tail):
        if code in _boundaries:
            return tail[:position]
    return tail


def evaluation_codes() -> Mapping[int, str]:
    """Return the code of the methods of ``QuerySet`` that an injection replaces."""
    names = ("_fetch_all", "count", "exists", "iterator", "_iterator")
    return {id(getattr(QuerySet, name).__code__): name for name in names}
