"""Run unchanged code as if its querysets had been changed."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from django.db.models import Model, QuerySet

from quell.exceptions import QuellError
from quell.lineage.answering import MISSING, answering
from quell.lineage.callpath import instructions
from quell.lineage.sites import ATTRIBUTE, Site
from quell.loading.batching import Batch
from quell.loading.plan import FetchPlan

Tail = tuple[tuple[int, int], ...]
SiteKey = tuple[int, int]


@dataclass(slots=True)
class Injection:
    """
    The changes to make in one run: plans by the querysets they belong to, batches by the calls they answer.

    A queryset is recognised by the line that built it, or, where a framework built it, by the frames that run it.
    """

    plans_by_site: dict[tuple[SiteKey, str], FetchPlan] = field(default_factory=dict)
    plans_by_tail: dict[tuple[Tail, str], FetchPlan] = field(default_factory=dict)
    batches: dict[tuple[Tail, str], Batch] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    applied_count: int = 0

    def rows(self, queryset: "QuerySet[Any, Any]", frame: FrameType | None) -> list[Any] | None:
        """Return the rows of the changed queryset, or ``None`` where nothing is changed."""
        answered = self._batched(queryset, "", frame)
        if answered is not MISSING:
            return answered  # type: ignore[return-value]  # a batch of rows is a list
        changed = self.replacement(queryset, frame)
        if changed is None:
            return None
        with _aside():
            return list(changed)

    def value(self, queryset: "QuerySet[Any, Any]", method: str, frame: FrameType | None) -> object:
        """Return the count or existence from a batch."""
        return self._batched(queryset, method, frame)

    def replacement(self, queryset: "QuerySet[Any, Any]", frame: FrameType | None) -> "QuerySet[Any, Any] | None":
        """Return the queryset with its plan, or ``None`` where it has none."""
        plan = self._plan_for(queryset, frame)
        if plan is None or queryset._fields is not None:
            return None
        try:
            changed = plan.apply(queryset._chain())  # type: ignore[attr-defined]  # as evaluation itself does
        except QuellError as error:
            self.failures.append(str(error))
            return None
        self.applied_count += 1
        return changed

    def _plan_for(self, queryset: "QuerySet[Any, Any]", frame: FrameType | None) -> FetchPlan | None:
        label = queryset.model._meta.label
        site: Site | None = queryset._query.__dict__.get(ATTRIBUTE)
        if site is not None and site.code is not None:
            plan = self.plans_by_site.get(((id(site.code), site.lasti), label))
            if plan is not None:
                return plan
        if not self.plans_by_tail:
            return None
        return self.plans_by_tail.get((instructions(frame), label))

    def _batched(self, queryset: "QuerySet[Any, Any]", method: str, frame: FrameType | None) -> object:
        instance = queryset._hints.get("instance")
        if instance is None or queryset.model._meta.label not in self._batched_labels():
            return MISSING
        batch = self.batches.get((instructions(frame), queryset.model._meta.label))
        if batch is None:
            return MISSING
        try:
            with _aside():
                return _ask(batch, queryset, method, instance)
        except QuellError as error:
            self.failures.append(str(error))
            return MISSING

    def _batched_labels(self) -> set[str]:
        return {label for _, label in self.batches}


def _ask(batch: Batch, queryset: "QuerySet[Any, Any]", method: str, instance: Model) -> object:
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


def tail_behind(frames: Sequence[Any], codes: Mapping[int, str]) -> Tail:
    """Return the frames of a path outside of the queryset's own method, which a replaced method also sees."""
    for position, frame in enumerate(frames):
        if id(frame.code) in codes:
            return tuple((id(item.code), item.lasti) for item in frames[position + 1 :])
    return ()


def evaluation_codes() -> Mapping[int, str]:
    """Return the code of the methods of ``QuerySet`` that an injection replaces."""
    names: tuple[Hashable, ...] = ("_fetch_all", "count", "exists", "iterator")
    return {id(getattr(QuerySet, str(name)).__code__): str(name) for name in names}
