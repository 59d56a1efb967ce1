"""
The only place that patches Django and asgiref.

Everything here is reversible, installed while a scope is open, and does nothing for code outside of a scope:
See Note [Dispatch in C].
"""

import copy
import functools
import sys
import threading
import types
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from itertools import count
from typing import Any, ParamSpec, Protocol, TypeVar

from asgiref.sync import SyncToAsync
from django.core.signals import request_started
from django.db.backends.signals import connection_created
from django.db.models import query as query_module
from django.db.models.query import QuerySet, RawQuerySet
from django.db.models.sql.query import Query

from quell.guard import guarded
from quell.lineage import callpath
from quell.lineage._dispatch import by_context
from quell.lineage.alias import FetchAlias, FetchRecord, plain_alias
from quell.lineage.answering import Answerer, answer_iterator, answer_rows, answer_value, answering
from quell.lineage.sites import ATTRIBUTE, find_site

P = ParamSpec("P")
R = TypeVar("R")

# Each change of a class uses up one of its 1,000 version tags in CPython; after that, method lookups on QuerySet
# would stay slow for good. So after this many rounds the hooks stay where they are, idle.
MAX_ROUNDS = 200


class Observer(Protocol):
    """What a scope must offer to be told of querysets and connections."""

    is_open: bool

    def see_alias(self, alias: str) -> None:
        """Make sure that statements on this alias are seen in this thread."""

    def see_connection(self, connection: Any) -> None:
        """Make sure that statements on this connection of this thread are seen."""

    def switch_off(self) -> bool:
        """Stop observing, because quell failed; tell whether this is the first failure."""


_queryset_db = QuerySet.__dict__["db"].fget
_raw_db = RawQuerySet.__dict__["db"].fget
_populators = query_module.get_related_populators
_prefetch_one_level = query_module.prefetch_one_level

active: ContextVar["Hooks"] = ContextVar("quell_active")
# A pool's own thread serves everybody, so it must not belong to the scope that happened to start it.
_is_submitting: ContextVar[bool] = ContextVar("quell_is_submitting", default=False)
_units = count(1)


class _SeenAliases(threading.local):
    """Aliases whose connection in this thread all observers watch; a new connection tells them by signal."""

    def __init__(self) -> None:
        self.names: set[str] = set()


class Hooks:
    """What runs instead of Django's functions while a scope is open in this context."""

    __slots__ = ("first_token", "observers", "seen")

    def __init__(self, observers: tuple[Observer, ...], first_token: "Token[Hooks] | None" = None) -> None:
        self.observers = observers
        # Resetting it leaves the context as it was before the first scope, in whatever order scopes are closed.
        self.first_token = first_token
        self.seen = _SeenAliases()

    def make_query(self, model: Any) -> Query:
        """Build the query of a fresh queryset, and note who asked for it."""
        query = Query(model)
        setattr(query, ATTRIBUTE, guarded(self.switch_off, None, find_site, sys._getframe(1)))
        return query

    def queryset_db(self, queryset: Any) -> str:
        """Return the alias of a queryset that is about to run, as the carrier of a new fetch."""
        alias = plain_alias(_queryset_db(queryset))
        return guarded(self.switch_off, alias, self._begin_fetch, queryset, alias)

    def raw_db(self, queryset: Any) -> str:
        """Return the alias of a raw queryset; its statement and its rows share one fetch."""
        query = queryset.__dict__.get("query")
        if query is not None and type(query.using) is FetchAlias:
            return query.using
        alias = plain_alias(_raw_db(queryset))
        return guarded(self.switch_off, alias, self._begin_raw, queryset, alias, sys._getframe(1))

    def populators(self, klass_info: dict[str, Any], select: Any, db: str, *rest: Any) -> list[Any]:
        """Build the populators of joined rows, each with an alias that knows its path."""
        made: list[Any] = _populators(klass_info, select, db, *rest)
        if made and type(db) is FetchAlias:
            guarded(self.switch_off, None, _label, made, klass_info, db)
        return made

    def switch_off(self) -> bool:
        """Stop watching in this context, because quell failed; tell whether this is the first failure."""
        # From now on this very object does what Django does, without a test on the way there.
        self.__class__ = Off
        return any([observer.switch_off() for observer in self.observers]) or not self.observers

    def _see_alias(self, alias: str) -> None:
        for observer in self.observers:
            observer.see_alias(alias)
        self.seen.names.add(alias)

    def _begin_fetch(self, queryset: Any, alias: str) -> str:
        if alias not in self.seen.names:
            self._see_alias(alias)
        fetch = FetchRecord(queryset.model, queryset._query.__dict__.get(ATTRIBUTE))
        instance = queryset._hints.get("instance")
        if instance is None and fetch.site is not None:
            instance = fetch.site.instance
        if instance is not None:
            fetch.ask(instance)
            if queryset._known_related_objects:
                fetch.known_fields = tuple(queryset._known_related_objects)
        return FetchAlias(alias, fetch, queryset.model)

    def _begin_raw(self, queryset: Any, alias: str, frame: types.FrameType) -> str:
        if alias not in self.seen.names:
            self._see_alias(alias)
        return FetchAlias(alias, FetchRecord(queryset.model, find_site(frame)), queryset.model)

    def prefetch_one_level(self, *args: Any) -> Any:
        """Fill a prefetched relation; the querysets that only hold its rows need no origin."""
        token = active.set(Filling(self.observers, self.first_token))
        try:
            return _prefetch_one_level(*args)
        finally:
            active.reset(token)


class Filling(Hooks):
    """The hooks while Django fills a prefetched relation: one queryset per parent is made and never run."""

    __slots__ = ()
    make_query = staticmethod(Query)


class Off(Hooks):
    """The hooks after an error inside quell: Django's own functions."""

    __slots__ = ()
    # Each is called as Django calls its own, without quell.
    make_query = staticmethod(Query)
    queryset_db = staticmethod(_queryset_db)
    raw_db = staticmethod(_raw_db)
    populators = staticmethod(_populators)
    prefetch_one_level = staticmethod(_prefetch_one_level)


def enter(observer: Observer) -> tuple[Observer, ...]:
    """Let an observer see this context; return those that see it already."""
    outer = active.get(None)
    others = tuple(item for item in outer.observers if item.is_open) if outer is not None else ()
    hooks = Hooks((*others, observer), outer.first_token if outer is not None else None)
    token = active.set(hooks)
    if outer is None:
        hooks.first_token = token
    return others


def leave(observer: Observer) -> None:
    """Take an observer out of this context, whatever was opened or closed here since it came."""
    hooks = active.get(None)
    if hooks is None or observer not in hooks.observers:
        return
    others = tuple(item for item in hooks.observers if item is not observer)
    if not others and hooks.first_token is not None:
        try:
            active.reset(hooks.first_token)
        except ValueError:
            # This is a copy of the context in which the first scope was opened.
            active.set(Hooks(()))
    else:
        active.set(Hooks(others, hooks.first_token))


def _label(populators: list[Any], klass_info: dict[str, Any], alias: FetchAlias) -> None:
    for populator, info in zip(populators, klass_info.get("related_klass_infos", ()), strict=False):
        populator.db = alias.joined(_attribute(info), info["model"])
        _label(populator.related_populators, info, populator.db)


def _attribute(info: dict[str, Any]) -> str:
    """Return the attribute that holds a joined row."""
    setter, joined = info["remote_setter"], info["field"]
    if isinstance(setter, functools.partial):
        # select_related() of a FilteredRelation, whose name is that of its alias.
        return str(setter.args[0])
    is_reverse = info["reverse"] and joined.remote_field is not None
    return str((joined.remote_field.get_accessor_name() if is_reverse else "") or joined.name)


def _with_recording_query(module: types.ModuleType) -> types.SimpleNamespace:
    """Return the namespace ``django.db.models.sql`` as ``query.py`` sees it, with another ``Query``."""
    return types.SimpleNamespace(**{**vars(module), "Query": by_context(active, "make_query", Query)})


def carry(function: Callable[P, R]) -> Callable[P, R]:
    """Return the function bound to the scopes that are open here, for a thread that does not inherit them."""
    hooks = active.get(None)
    if hooks is None or getattr(function, "quell_carries", False) is True:
        return function
    frames = guarded(hooks.switch_off, (), callpath.collect, sys._getframe(2))
    unit = callpath.current_unit.get()

    @functools.wraps(function)
    def carried(*args: P.args, **kwargs: P.kwargs) -> R:
        caller = threading.get_ident(), frames
        tokens = active.set(hooks), callpath.caller_path.set(caller), callpath.current_unit.set(unit)
        guarded(hooks.switch_off, None, enter_thread, hooks)
        try:
            return function(*args, **kwargs)
        finally:
            active.reset(tokens[0])
            callpath.caller_path.reset(tokens[1])
            callpath.current_unit.reset(tokens[2])

    carried.quell_carries = True  # type: ignore[attr-defined]  # a mark, so that a job is wrapped once
    return carried


def enter_thread(hooks: Hooks) -> None:
    """Let the observers see every connection that this thread already has."""
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        for observer in hooks.observers:
            observer.see_connection(connection)


def _submit(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def submit(self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        token = _is_submitting.set(True)
        try:
            return original(self, carry(fn), *args, **kwargs)
        finally:
            _is_submitting.reset(token)

    return submit


def _start(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def start(self: threading.Thread) -> None:
        if active.get(None) is None or _is_submitting.get():
            original(self)
            return
        run = carry(self.run)

        def run_once() -> None:
            # A thread that has ended must not keep the scope.
            del self.run
            run()

        self.run = run_once  # type: ignore[method-assign]  # for this one thread
        original(self)

    return start


def _call_in_thread(original: Callable[..., Any]) -> Callable[..., Any]:
    """Hand the frames that await a worker thread over to it; its own stack begins in the executor."""

    @functools.wraps(original)
    async def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        hooks = active.get(None)
        if hooks is None:
            return await original(self, *args, **kwargs)
        frames = guarded(hooks.switch_off, (), callpath.collect, sys._getframe(1))
        inner = copy.copy(self)
        inner.func = _entering(hooks, frames, self.func)
        return await original(inner, *args, **kwargs)

    return call


def _entering(hooks: Hooks, frames: tuple[callpath.Frame, ...], function: Callable[P, R]) -> Callable[P, R]:
    def entered(*args: P.args, **kwargs: P.kwargs) -> R:
        token = callpath.caller_path.set((threading.get_ident(), frames))
        guarded(hooks.switch_off, None, enter_thread, hooks)
        try:
            return function(*args, **kwargs)
        finally:
            callpath.caller_path.reset(token)

    return entered


@dataclass(slots=True)
class Patch:
    """One reversible replacement of ``owner.name``."""

    owner: Any
    name: str
    wrap: Callable[[Any], Any]
    _original: Any = field(default=None, init=False)
    _installed: Any = field(default=None, init=False)

    def install(self) -> None:
        """Do nothing when already installed, unless somebody who patched on top put the original back."""
        current = self.owner.__dict__[self.name]
        if self._installed is not None and current is not self._original:
            return
        self._original = current
        self._installed = self.wrap(self._original)
        setattr(self.owner, self.name, self._installed)

    def uninstall(self) -> None:
        """Restore the original, unless somebody patched on top: then stay, idle, so that nothing of theirs is lost."""
        if self._installed is None or self.owner.__dict__[self.name] is not self._installed:
            return
        setattr(self.owner, self.name, self._original)
        self._installed = None


PATCHES = (
    Patch(QuerySet, "db", lambda prop: property(by_context(active, "queryset_db", prop.fget), doc=prop.__doc__)),
    Patch(RawQuerySet, "db", lambda prop: property(by_context(active, "raw_db", prop.fget), doc=prop.__doc__)),
    Patch(query_module, "sql", _with_recording_query),
    Patch(query_module, "get_related_populators", lambda original: by_context(active, "populators", original)),
    Patch(query_module, "prefetch_one_level", lambda original: by_context(active, "prefetch_one_level", original)),
    Patch(ThreadPoolExecutor, "submit", _submit),
    Patch(threading.Thread, "start", _start),
    Patch(SyncToAsync, "__call__", _call_in_thread),
)


def _see_connection(*, connection: Any, **_: object) -> None:
    # A thread may open its first connection for a row that carries lineage, also long after the scope of the row.
    if type(connection.alias) is FetchAlias:
        _make_plain(connection)
    hooks = active.get(None)
    if hooks is not None:
        guarded(hooks.switch_off, None, _show_connection, hooks, connection)


def _show_connection(hooks: Hooks, connection: Any) -> None:
    # The connection of the signal need not be the one of its alias: Django also makes some for a single use.
    for observer in hooks.observers:
        observer.see_connection(connection)


def _make_plain(connection: Any) -> None:
    from django.db import connections

    connection.alias = alias = plain_alias(connection.alias)
    if alias in connections and connections[alias] is connection:
        # The key has to be replaced, too; setting an equal one keeps the old.
        del connections[alias]
        connections[alias] = connection


def _begin_unit(**_: object) -> None:
    callpath.current_unit.set(next(_units))


ANSWER_PATCHES = (
    Patch(QuerySet, "_fetch_all", answer_rows),
    Patch(QuerySet, "count", answer_value("count")),
    Patch(QuerySet, "exists", answer_value("exists")),
    Patch(QuerySet, "iterator", answer_iterator),
)


@contextmanager
def answers_from(answerer: Answerer) -> Iterator[None]:
    """Let an answerer stand in for the database in this context; it can ask querysets who built them."""
    with installation.lock:
        for patch in ANSWER_PATCHES:
            patch.install()
        installation.answerers += 1
    installation.acquire()
    hooks = active.get(None)
    tokens = answering.set(answerer), active.set(hooks if hooks is not None else Hooks(()))
    try:
        yield
    finally:
        answering.reset(tokens[0])
        active.reset(tokens[1])
        installation.release()
        with installation.lock:
            installation.answerers -= 1
            if not installation.answerers:
                for patch in ANSWER_PATCHES:
                    patch.uninstall()


class _Installation:
    """How many scopes need the hooks, over all threads."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.answerers = 0
        self.holders = 0
        self.rounds = 0
        self.is_kept = False

    def acquire(self) -> None:
        """Install the hooks for one more scope."""
        with self.lock:
            callpath.prepare()
            if not self.holders:
                self._install()
            self.holders += 1

    def release(self) -> None:
        """Take the hooks off after the last scope."""
        with self.lock:
            self.holders -= 1
            if self.holders:
                return
            self.rounds += 1
            if self.rounds >= MAX_ROUNDS:
                self.keep()
            else:
                self._uninstall()

    def keep(self) -> None:
        """Keep the hooks, idle where no scope is open, until the process ends."""
        with self.lock:
            if not self.is_kept:
                self.is_kept = True
                self.acquire()

    def _install(self) -> None:
        # It stays connected: rows outlive their scope.
        connection_created.connect(_see_connection, dispatch_uid="quell.lineage")
        request_started.connect(_begin_unit, dispatch_uid="quell.lineage")
        try:
            for patch in PATCHES:
                patch.install()
        except BaseException:
            self._uninstall()
            raise

    def _uninstall(self) -> None:
        for patch in PATCHES:
            patch.uninstall()
        request_started.disconnect(dispatch_uid="quell.lineage")


installation = _Installation()
