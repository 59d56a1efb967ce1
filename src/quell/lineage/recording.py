"""
What notes uses while a profile runs: dictionaries in the place of Django's caches, and attributes of model classes.

# Note [Recording in place]
Values stay where Django puts them, in the ``__dict__`` of a row and in dictionaries, so that ``save()``, pickles,
copies and ``get_deferred_fields()`` see what they always see. The attributes are off again when the last profile
ends; the dictionaries stay with their rows, are equal to plain ones, and pickle as such.
"""

import sys
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from types import FrameType
from typing import Any

from django.db.models import Model, base
from django.db.models import query as query_module
from django.db.models.fields import mixins, related_descriptors
from django.db.models.query_utils import DeferredAttribute

from quell.lineage.usage import Load, usage_of

Constructed = set[tuple[type[Model], str]]
# What rows that are being made read of themselves, before they know where they come from.
constructing: ContextVar[Constructed | None] = ContextVar("quell_constructing", default=None)

# Django's own way through its caches: prefetching walks over what is there, saving compares keys.
_WALKING = frozenset({query_module.__file__, base.__file__})
_PASSING = frozenset({mixins.__file__, related_descriptors.__file__})


def _is_walk(frame: FrameType | None) -> bool:
    """Tell whether Django itself reads a cache on its way, and not the application."""
    while frame is not None and frame.f_code.co_filename in _PASSING:
        frame = frame.f_back
    return frame is not None and frame.f_code.co_filename in _WALKING


class RecordingCache(dict[str, Any]):
    """A cache of related rows that notes what is taken out of it; one per row, its loads are those of the fetch."""

    __slots__ = ("loads",)

    loads: dict[str, Load]

    @classmethod
    def over(cls, found: dict[str, Any], loads: dict[str, Load]) -> "RecordingCache":
        """Return a cache with the same content."""
        made = cls(found)
        made.loads = loads
        return made

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        load = self.loads.get(key)
        if load is not None and not load.is_used and not _is_walk(sys._getframe(1)):
            load.is_used = True
        return value

    def get(self, key: str, default: Any = None) -> Any:
        """Return one entry."""
        load = self.loads.get(key)
        if load is not None and not load.is_used and key in self and not _is_walk(sys._getframe(1)):
            load.is_used = True
        return super().get(key, default)

    def _use_all(self) -> None:
        for key in self:
            load = self.loads.get(key)
            if load is not None:
                load.is_used = True

    def items(self) -> Any:
        """Return all entries."""
        self._use_all()
        return super().items()

    def values(self) -> Any:
        """Return all related rows."""
        self._use_all()
        return super().values()

    def copy(self) -> dict[str, Any]:
        """Return a plain dictionary: what is done with it cannot be seen."""
        self._use_all()
        return dict(self)

    def __copy__(self) -> dict[str, Any]:
        return self.copy()

    def __reduce_ex__(self, protocol: object) -> Any:
        self._use_all()
        return dict, (), None, None, iter(super().items())


class RecordingColumn(DeferredAttribute):
    """Stands in the place of ``DeferredAttribute`` and notes reads; a value that is missing is loaded as ever."""

    is_recording = True
    # The set of a usage that holds the reads.
    kept = "reads"

    def __init__(self, original: DeferredAttribute) -> None:
        super().__init__(original.field)
        self._name = original.field.attname

    def __get__(self, instance: Any, cls: type[Model] | None = None) -> Any:
        if instance is None:
            return self
        name = self._name
        values = instance.__dict__
        if name not in values:
            # The stubs know no instance here.
            return super().__get__(instance, cls)
        alias = values["_state"].db if "_state" in values else None
        if alias is None:
            reads = constructing.get()
            if reads is not None:
                reads.add((instance._meta.concrete_model, name))
        else:
            usage = getattr(alias, "usage", None)
            if usage is not None:
                getattr(usage, self.kept).add(name)
        return values[name]

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self._name] = value

    def __delete__(self, instance: Any) -> None:
        try:
            del instance.__dict__[self._name]
        except KeyError:
            raise AttributeError(self._name) from None


class RecordingKey(RecordingColumn):
    """The same for a foreign key, which forgets the row that it led to when it is set to another one."""

    kept = "keys"

    def __init__(self, original: DeferredAttribute) -> None:
        super().__init__(original)
        self._original: Any = original

    def __set__(self, instance: Any, value: Any) -> None:
        self._original.__set__(instance, value)


class RecordingName:
    """Stands for an attribute that a ``Prefetch`` fills, on the class of the rows; the list stays in ``__dict__``."""

    is_recording = True

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, cls: type[Model] | None = None) -> Any:
        name = self._name
        if instance is None or name not in instance.__dict__:
            owner = f"type object '{cls.__name__}'" if instance is None and cls else ""
            owner = owner or f"'{type(instance).__name__}' object"
            msg = f"{owner} has no attribute '{name}'"
            raise AttributeError(msg, name=name, obj=instance if instance is not None else cls)
        usage = usage_of(instance)
        load = usage.loads.get(name) if usage is not None else None
        if load is not None and sys._getframe(1).f_code.co_filename not in _WALKING:
            load.is_used = True
        return instance.__dict__[name]

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self._name] = value

    def __delete__(self, instance: Any) -> None:
        try:
            del instance.__dict__[self._name]
        except KeyError:
            raise AttributeError(self._name) from None


def recorded_rows(rows: Iterable[Model]) -> Iterator[Model]:
    """Yield the rows of a fetch, each measured, and with caches that note uses."""
    iterator = iter(rows)
    reads: Constructed = set()
    while True:
        token = constructing.set(reads)
        try:
            row = next(iterator)
        except StopIteration:
            return
        finally:
            constructing.reset(token)
        record_row(row, reads)
        yield row


def record_row(row: Model, reads: Constructed) -> None:
    """Measure a row with what was joined to it."""
    usage = usage_of(row)
    if usage is None:
        return
    usage.constructed = reads
    usage.measure(row)
    if not usage.joins:
        return
    cache = row._state.fields_cache
    if type(cache) is not RecordingCache:
        row._state.fields_cache = cache = RecordingCache.over(cache, usage.loads)
    for key, _ in usage.joins:
        related = dict.get(cache, key)
        if related is not None:
            usage.loads[key].row_count += 1
            record_row(related, reads)
