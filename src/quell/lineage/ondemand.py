"""
Where an on-demand load passes by: what Django's functions ask while loads are batched or forbidden.

# Note [Below the ORM]
A load is answered where a compiled query would go to the database. So everything above runs as ever, for each row
on its own: managers, hints, signals, ``from_db()``, converters, known related objects, prefetches. What is put in
the place of the database are the raw rows that it gave to one query for all peers.
"""

import functools
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple, Protocol
from weakref import ref

from django.db.models import Model
from django.db.models.fields.related_descriptors import ReverseManyToOneDescriptor
from django.db.models.sql.constants import MULTI
from django.db.models.sql.query import Query

from quell.lineage.hooks import Filling, Hooks, _attribute

# The attribute of a row that holds another one, by what a compiler knows about the join.
joined_attribute = _attribute

UNANSWERED = object()
# The attribute of a query that tells which descriptor of a to-one relation made it.
TAG = "loads_for"
_LOCKING = re.compile(
    r"\bFOR\s+(UPDATE|SHARE|NO\s+KEY|KEY\s+SHARE)\b|\bLOCK\s+IN\s+SHARE\b|lock\w*\s*\(", re.IGNORECASE
)
_HARMLESS = ("SAVEPOINT", "RELEASE SAVEPOINT")


class Expected(NamedTuple):
    """A load that Django announces before its query says so: of a column, or of a generic foreign key."""

    instance: "ref[Any] | None" = None
    attname: str = ""
    alias: Any = None
    content_type_id: Any = None

    def is_about(self, instance: Model) -> bool:
        """Tell whether it is a column of this row that is loaded."""
        return self.instance is not None and self.instance() is instance


class Loader(Protocol):
    """What may answer on-demand loads in this context."""

    def read(self, compiler: Any, result_type: Any, run: Callable[..., Any]) -> object:
        """Return what ``execute_sql()`` would, or ``UNANSWERED``."""

    def see_rows(self, rows: Any, *, is_chunk: bool = False) -> None:
        """Note the rows of one fetch, as peers of each other."""

    def see_change(self) -> None:
        """Note that from now on the same question may have another answer."""


loader: ContextVar[Loader | None] = ContextVar("quell_loader", default=None)
# What the next query of this context is about; any other query ends the expectation.
expected: ContextVar[Expected | None] = ContextVar("quell_expected", default=None)


class Tag:
    """Names the descriptor that made a query; pickles as ``None``."""

    __slots__ = ("descriptor",)

    def __init__(self, descriptor: Any) -> None:
        self.descriptor = descriptor

    def __reduce__(self) -> tuple[type[None], tuple[()]]:
        return type(None), ()

    def __copy__(self) -> "Tag":
        return self

    def __deepcopy__(self, memo: object) -> "Tag":
        return self


# The attribute of a condition that was given a row to compare with.
ASKER = "asked_by"


class Asker:
    """The row that a condition was given; pickles as ``None``."""

    __slots__ = ("row",)

    def __init__(self, row: Model) -> None:
        self.row = ref(row)

    def __reduce__(self) -> tuple[type[None], tuple[()]]:
        return type(None), ()


class Quiet(Hooks):
    """The hooks of a context where nobody watches: rows know their fetch, and nobody asks who built a queryset."""

    __slots__ = ()
    make_query = staticmethod(Query)


Quiet.filling = Filling


def wrap_execute(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``SQLCompiler.execute_sql``."""

    @functools.wraps(original)
    def execute_sql(self: Any, result_type: Any = MULTI, *args: Any, **kwargs: Any) -> Any:
        current = loader.get()
        # Whoever asks for chunks wants no more than those in memory.
        if current is not None and not args and not kwargs.get("chunked_fetch"):
            found = current.read(self, result_type, original)
            if found is not UNANSWERED:
                return found
        return original(self, result_type, *args, **kwargs)

    return execute_sql


def wrap_fetch_all(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``_fetch_all`` of querysets and of raw querysets."""

    @functools.wraps(original)
    def fetch_all(self: Any) -> None:
        current = loader.get()
        is_new = self._result_cache is None
        original(self)
        if current is not None and is_new:
            current.see_rows(self._result_cache)

    return fetch_all


def wrap_chunks(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``ModelIterable.__iter__``: the rows of each chunk of ``iterator()`` are peers."""

    @functools.wraps(original)
    def rows(self: Any) -> Iterator[Model]:
        found: Iterator[Model] = original(self)
        if loader.get() is None or not self.chunked_fetch:
            return found
        return _chunks(found, self.chunk_size)

    return rows


def _chunks(rows: Iterable[Model], size: int) -> Iterator[Model]:
    iterator = iter(rows)
    # As many as Django has just read from the database.
    while chunk := deque(islice(iterator, size)):
        current = loader.get()
        if current is not None:
            current.see_rows(chunk, is_chunk=True)
        while chunk:
            yield chunk.popleft()


def wrap_to_one(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap the ``get_queryset`` of the descriptor of a to-one relation."""

    @functools.wraps(original)
    def get_queryset(self: Any, **hints: Any) -> Any:
        queryset = original(self, **hints)
        if loader.get() is not None:
            setattr(queryset._query, TAG, Tag(self))
        return queryset

    return get_queryset


def wrap_related_value(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``RelatedExact.get_prep_lookup``, which makes a key of the row in ``filter(ticket=ticket)``."""

    @functools.wraps(original)
    def get_prep_lookup(self: Any) -> Any:
        given = self.rhs
        value = original(self)
        if isinstance(given, Model) and loader.get() is not None:
            setattr(self, ASKER, Asker(given))
        return value

    return get_prep_lookup


def hint_generic_manager(original: None) -> Callable[..., Any]:
    """Return a ``__get__`` for generic relations, the one manager whose queryset gets no hint of its instance."""

    def get(self: Any, instance: Any, cls: Any = None) -> Any:
        manager = ReverseManyToOneDescriptor.__get__(self, instance, cls)
        if instance is not None and loader.get() is not None:
            manager._hints = {"instance": instance}
        return manager

    return get


def wrap_check_parent_chain(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``DeferredAttribute._check_parent_chain``, which is asked just before a column is loaded."""

    @functools.wraps(original)
    def check_parent_chain(self: Any, instance: Any) -> Any:
        value = original(self, instance)
        if value is None and loader.get() is not None:
            expected.set(Expected(ref(instance), self.field.attname))
        return value

    return check_parent_chain


def wrap_get_object_for_this_type(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``ContentType.get_object_for_this_type``, by which generic foreign keys load."""

    @functools.wraps(original)
    def get_object_for_this_type(self: Any, using: Any = None, **kwargs: Any) -> Any:
        if using is not None and loader.get() is not None:
            expected.set(Expected(alias=using, content_type_id=self.pk))
        return original(self, using=using, **kwargs)

    return get_object_for_this_type


@lru_cache(maxsize=1024)
def changes_nothing(sql: str) -> bool:
    """Tell whether a statement neither writes nor locks, as far as its text tells."""
    text = sql.lstrip(" \n\t(").upper()
    return text.startswith(_HARMLESS) or (text.startswith("SELECT") and not _LOCKING.search(sql))


def wrap_statement(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``CursorWrapper._execute_with_wrappers``, through which each statement goes, raw ones too."""

    @functools.wraps(original)
    def execute(self: Any, sql: Any, *args: Any, **kwargs: Any) -> Any:
        current = loader.get()
        if current is None or (isinstance(sql, str) and changes_nothing(sql)):
            return original(self, sql, *args, **kwargs)
        try:
            return original(self, sql, *args, **kwargs)
        finally:
            current.see_change()

    return execute


def wrap_change(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function after which the same question may have another answer."""

    @functools.wraps(original)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return original(*args, **kwargs)
        finally:
            tell_change()

    return run


def tell_change() -> None:
    """Tell what answers loads in this context that what it knows may be out of date."""
    current = loader.get()
    if current is not None:
        current.see_change()
