"""What runs in the place of Django's functions while a scope is open; ``_patches`` puts it there."""

import functools
import sys
import types
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any, ClassVar, Protocol
from weakref import ref

from django.db.models import Model
from django.db.models import query as query_module
from django.db.models.query import QuerySet, RawQuerySet
from django.db.models.sql.query import Query

from quell.guard import ends_here, guarded
from quell.lineage._dispatch import by_context
from quell.lineage.alias import FetchAlias, FetchRecord, NarrowedAlias, begin, plain_alias
from quell.lineage.owners import name_owners
from quell.lineage.ownthread import own
from quell.lineage.sites import ATTRIBUTE, find_site, is_asked_by_to_one
from quell.lineage.usage import Profile

if TYPE_CHECKING:
    from quell.lineage.effects import Witness


class Observer(Protocol):
    """What a scope must offer to be told of querysets and connections."""

    is_open: bool
    profile: Profile | None

    @property
    def witness(self) -> "Witness | None":
        """What is told of transactions and what happens in them; ``None`` where nobody asks."""

    def see_alias(self, alias: str) -> None:
        """Make sure that statements on this alias are seen in this thread."""

    def see_connection(self, connection: Any) -> None:
        """Make sure that statements on this connection of this thread are seen."""

    def see_break(self) -> None:
        """Note that from now on the same question may have another answer."""

    def switch_off(self) -> bool:
        """Stop observing, because quell failed; tell whether this is the first failure."""


# What the hooks stand in front of: Django's own, or what another tool has put there by the time that they go on.
_originals = types.SimpleNamespace(
    queryset_db=QuerySet.__dict__["db"].fget,
    raw_db=RawQuerySet.__dict__["db"].fget,
    populators=query_module.get_related_populators,
    prefetch_one_level=query_module.prefetch_one_level,
)

active: ContextVar["Hooks"] = ContextVar("quell_active")


class _ThreadState:
    """
    What belongs to a thread: the aliases whose connection all observers watch, and the fetch that began last.

    A new connection tells the observers by signal; those that the thread had are shown to them once.
    """

    __slots__ = ("is_entered", "names", "pending")

    def __init__(self) -> None:
        self.is_entered = False
        self.names: set[str] = set()
        self.pending: FetchRecord | None = None


class Hooks:
    """What runs instead of Django's functions while a scope is open in this context."""

    __slots__ = ("first_token", "inside", "observers", "states")
    filling: ClassVar[type["Hooks"]]

    def __init__(
        self,
        observers: tuple[Observer, ...],
        first_token: "Token[Hooks] | None" = None,
        states: "dict[ref[Any], _ThreadState] | None" = None,
    ) -> None:
        self.observers = observers
        # Its reset leaves the context as it was before the first scope, whatever the order of closing is.
        self.first_token = first_token
        # By thread.
        self.states: dict[ref[Any], _ThreadState] = {} if states is None else states
        # The hooks while a relation is filled, which most scopes need again and again or never.
        self.inside: Hooks | None = None

    def make_query(self, model: Any) -> Query:
        """Build the query of a fresh queryset, and note who asked for it."""
        query = Query(model)
        try:
            # find_site() begins at the frame that asks for a queryset.
            query.__dict__[ATTRIBUTE] = None if is_asked_by_to_one() else find_site(sys._getframe(2))
        except Exception:
            if not ends_here(self.switch_off):
                raise
            query.__dict__[ATTRIBUTE] = None
        return query

    def queryset_db(self, queryset: Any) -> str:
        """Return the alias of a queryset that is about to run, as the carrier of a new fetch."""
        alias: str = _originals.queryset_db(queryset)
        if type(alias) is FetchAlias:
            alias = str(alias)
        try:
            return self._begin_fetch(queryset, alias)
        except Exception:
            if not ends_here(self.switch_off):
                raise
            return alias

    def raw_db(self, queryset: Any) -> str:
        """Return the alias of a raw queryset; its statement and its rows share one fetch."""
        query = queryset.__dict__.get("query")
        if query is not None and type(query.using) is FetchAlias:
            return query.using
        alias = plain_alias(_originals.raw_db(queryset))
        return guarded(self.switch_off, alias, self._begin_raw, queryset, alias, sys._getframe(1))

    def populators(self, klass_info: dict[str, Any], select: Any, db: str, *rest: Any) -> list[Any]:
        """Build the populators of joined rows, each with an alias that knows its path."""
        made: list[Any] = _originals.populators(klass_info, select, db, *rest)
        if made and type(db) is FetchAlias:
            guarded(self.switch_off, None, _label, made, klass_info, db)
        return made

    def state(self) -> _ThreadState:
        """Return what belongs to this thread."""
        found = self.states.get(own.key)
        if found is None:
            found = self.states[own.key] = _ThreadState()
            for key in tuple(self.states):
                if key() is None:
                    # That thread has ended.
                    self.states.pop(key, None)
        return found

    def switch_off(self) -> bool:
        """Stop watching in this context, because quell failed; tell whether this is the first failure."""
        # From now on this very object does what Django does, without a test on the way there.
        self.__class__ = Off
        is_news = not self.observers
        for observer in self.observers:
            is_news = observer.switch_off() or is_news
        return is_news

    def _see_alias(self, alias: str) -> None:
        for observer in self.observers:
            observer.see_alias(alias)
        self.state().names.add(alias)

    def _begin_fetch(self, queryset: Any, alias: str) -> str:
        state = self.states.get(own.key) or self.state()
        if alias not in state.names:
            self._see_alias(alias)
        site = queryset._query.__dict__.get(ATTRIBUTE)
        made = begin(alias, queryset.model, site)
        state.pending = fetch = made.fetch
        if type(alias) is NarrowedAlias:
            fetch.narrowed = alias
        instance = site.instance if site is not None else None
        if instance is None:
            instance = queryset._hints.get("instance")
        if instance is not None and isinstance(instance, Model):
            fetch.hinted = ref(instance)
            fetch.lookups = queryset._prefetch_related_lookups
            fetch.known_fields = tuple(queryset._known_related_objects)
        return made

    def _begin_raw(self, queryset: Any, alias: str, frame: types.FrameType) -> str:
        state = self.states.get(own.key) or self.state()
        if alias not in state.names:
            self._see_alias(alias)
        made = begin(alias, queryset.model, find_site(frame))
        state.pending = made.fetch
        made.fetch.is_raw = True
        return made

    def prefetch_one_level(self, *args: Any) -> Any:
        """Fill a prefetched relation; the querysets that only hold its rows need no origin."""
        inside = self.inside
        if inside is None:
            inside = self.inside = self.filling(self.observers, self.first_token, self.states)
        token = active.set(inside)
        try:
            found = _originals.prefetch_one_level(*args)
        finally:
            active.reset(token)
        guarded(self.switch_off, None, name_owners, *args)
        return found


class Filling(Hooks):
    """The hooks while Django fills a prefetched relation: one queryset per parent is made and never run."""

    __slots__ = ()
    make_query = staticmethod(Query)


Hooks.filling = Filling
# The class of the hooks, by whether a scope of the context measures what is used; ``profiling`` adds the other.
kinds: dict[bool, type[Hooks]] = {False: Hooks}


class Off(Hooks):
    """The hooks after an error inside quell: Django's own functions."""

    __slots__ = ()
    # Each is called as Django calls its own, without quell.
    make_query = staticmethod(Query)
    queryset_db = staticmethod(_originals.queryset_db)
    raw_db = staticmethod(_originals.raw_db)
    populators = staticmethod(_originals.populators)
    prefetch_one_level = staticmethod(_originals.prefetch_one_level)


def stand_in_front_of(name: str, original: Any) -> Any:
    """Return a callable that runs the hook of this context, or the original, which the hook calls, too."""
    setattr(_originals, name, original)
    setattr(Off, name, staticmethod(original))
    return by_context(active, name, original)


def _hooks_for(observers: tuple[Observer, ...], first_token: "Token[Hooks] | None") -> Hooks:
    return kinds[any(observer.profile is not None for observer in observers)](observers, first_token)


def enter(observer: Observer) -> tuple[Observer, ...]:
    """Let an observer see this context; return those that see it already."""
    outer = active.get(None)
    others = tuple(item for item in outer.observers if item.is_open) if outer is not None else ()
    hooks = _hooks_for((*others, observer), outer.first_token if outer is not None else None)
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
        except (RuntimeError, ValueError):
            # A task that outlived the first scope, or another copy of its context.
            active.set(Hooks(()))
    else:
        active.set(_hooks_for(others, hooks.first_token))


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
