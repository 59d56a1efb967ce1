"""
How an instance carries its lineage.

# Note [The alias is the carrier]
Django hands the database alias of a queryset to every row that it loads, joined rows included, and keeps it in
``_state.db``. quell hands out a ``str`` that is equal to that alias and also points to the fetch. Nothing else is
stored per row, no attribute read is hooked, and no Python code runs per row. Pickles of an instance hold the
plain alias; copies in the process share the lineage. A fetch mode would carry lineage too, but only on
Django 6.1, and it is visible: projects compare fetch modes by identity.
"""

from collections.abc import Hashable
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import ref

if TYPE_CHECKING:
    from django.db.models import Model

    from quell.lineage.callpath import CallPath
    from quell.lineage.sites import Site
    from quell.lineage.usage import Usage

_numbers = count(1)


class QueryFacts(NamedTuple):
    """What the query behind a statement was like; kept once for all statements of a loop."""

    combinator: str | None = None
    is_bare_join: bool = False  # whether select_related() named no relation
    is_locking: bool = False  # SQLite has no words for it
    deferred: tuple[frozenset[str], bool] = (frozenset(), True)


NO_FACTS = QueryFacts()


# What a fetch has where nobody said otherwise. See Note [Slots without values].
_DEFAULTS: dict[str, Any] = {
    "parent": None,
    "owner": None,
    "owner_pk": None,
    "instance_model": None,
    "hops": (),
    "is_prefetch": False,
    "is_deferred": False,
    "is_same_row": False,
    "is_hinted": False,
    "was_prefetched": False,
    "method": "",
    "variant": (),
    "call_path": None,
    "sql": "",
    "is_raw": False,
    "query": NO_FACTS,
    "inner_lookups": frozenset(),
    "lookups": (),
    "known_fields": (),
    "owner_reference": None,
    "members": None,
    "narrowed": None,
}


class FetchRecord:
    """
    One evaluation of a queryset, filled in while it runs.

    # Note [Slots without values]
    A watch makes one of these per evaluation. Slots are set far quicker than attributes of a dictionary, and most of
    them never are: a slot without a value is answered from the defaults, which costs a call to whoever reads it.
    """

    __slots__ = ("__weakref__", "has_run", "hinted", "model", "number", "site", *_DEFAULTS)

    number: int
    model: "type[Model]"
    site: "Site | None"
    has_run: bool
    # The instance that Django's hint names, until the statement runs and tells whether it was that one. A weak
    # reference: a statement that no scope keeps never tells, and its rows must not keep the instance.
    hinted: "ref[Any] | None"
    parent: "FetchAlias | None"
    owner: Hashable
    owner_pk: Hashable
    instance_model: "type[Model] | None"
    # That of an instance without a key that asked. It outlives the instance, so that the next one at the same address
    # has a reference, and with it an identity, of its own.
    owner_reference: "ref[Any] | None"
    known_fields: tuple[Any, ...]
    # What a related manager's queryset is to prefetch.
    lookups: tuple[Any, ...]
    hops: tuple[str, ...]
    is_prefetch: bool
    is_deferred: bool
    is_same_row: bool
    # Whether it is Django's hint that names the instance that asked, and the relation is known.
    is_hinted: bool
    was_prefetched: bool
    method: str
    variant: tuple[str, ...]
    call_path: "CallPath | None"
    sql: str
    is_raw: bool
    query: QueryFacts
    # The rows of a list that was declared a fetch: weak references, in the order of the list.
    members: Any
    # Lookups that the queryset brought into a prefetch that somebody else asked for; only while a profile runs.
    inner_lookups: frozenset[str]
    # That of a queryset from which a recorded plan left columns out.
    narrowed: "NarrowedAlias | None"

    def __getattr__(self, name: str) -> Any:
        try:
            return _DEFAULTS[name]
        except KeyError:
            raise AttributeError(name, name=name, obj=self) from None

    def ask(self, instance: "Model") -> None:
        """Note the instance that asked for this fetch."""
        alias = instance._state.db
        model = type(instance)
        if type(alias) is FetchAlias:
            self.parent = alias if issubclass(model, alias.model) else _alias_of_parent(alias, model)
        self.instance_model = model
        self.owner_pk = pk = instance.__dict__.get(model._meta.pk.attname)
        if pk is None:
            # Python gives out one reference per object, for as long as somebody holds it.
            self.owner_reference = reference = ref(instance)
            self.owner = id(reference)
            return
        # The key alone would merge joined instances of one row, the address alone rows that an iterator dropped.
        try:
            self.owner = hash((id(instance), pk))
        except TypeError:
            self.owner = id(instance)

    def ask_again(self, instance: "Model") -> None:
        """Note the instance whose own row this fetch loads, again or in part."""
        self.ask(instance)
        self.is_same_row = True
        # A row that lives long must not keep the history of its reloads.
        parent = self.parent
        while parent is not None and not parent.hops and parent.fetch.is_same_row and parent.fetch.parent:
            parent = parent.fetch.parent
        self.parent = parent


class FetchAlias(str):
    """A database alias that also tells which fetch loaded the row that holds it."""

    __slots__ = ("fetch", "hops", "model", "usage")

    fetch: FetchRecord
    hops: tuple[str, ...]
    model: "type[Model]"
    usage: "Usage | None"

    def joined(self, hop: str, model: "type[Model]") -> "FetchAlias":
        """Return the alias for the rows that a join loads behind this one's rows."""
        made = FetchAlias(self)
        made.fetch = self.fetch
        made.model = model
        made.hops = (*self.hops, hop)
        made.usage = None
        return made

    def __reduce_ex__(self, protocol: object) -> tuple[type[str], tuple[str]]:
        return str, (str(self),)

    def __copy__(self) -> "FetchAlias":
        return self

    def __deepcopy__(self, memo: object) -> "FetchAlias":
        return self


class NarrowedAlias(str):
    """A database alias that also tells which recorded plan left out columns of the row that holds it."""

    __slots__ = ("narrowed",)

    narrowed: Any

    def __reduce_ex__(self, protocol: object) -> tuple[type[str], tuple[str]]:
        return str, (str(self),)

    def __copy__(self) -> "NarrowedAlias":
        return self

    def __deepcopy__(self, memo: object) -> "NarrowedAlias":
        return self


def begin(alias: str, model: "type[Model]", site: "Site | None") -> FetchAlias:
    """Return an alias for the rows of a fetch that begins."""
    fetch = FetchRecord()
    fetch.number = next(_numbers)
    fetch.model = model
    fetch.site = site
    fetch.has_run = False
    fetch.hinted = None
    # Not by a function of its own, nor in __new__(): each would cost as much as all of this.
    made = FetchAlias(alias)
    made.fetch = fetch
    made.model = model
    made.hops = ()
    made.usage = None
    return made


def _alias_of_parent(alias: FetchAlias, model: "type[Model]") -> FetchAlias | None:
    """Return the alias of a parent's row that Django made of a child's, ``None`` for any other row."""
    if not issubclass(alias.model, model):
        return None
    for base in alias.model._meta.get_base_chain(model):
        link = alias.model._meta.get_ancestor_link(base)
        if link is None:
            return None
        alias = alias.joined(link.name, base)
    return alias


def plain_alias(alias: str) -> str:
    """Return the alias without its lineage."""
    return alias if type(alias) is str else str(alias)
