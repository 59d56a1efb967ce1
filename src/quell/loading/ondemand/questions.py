"""What a query asks on behalf of one row, and what its peers would ask in its place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any, Literal, TypeAlias
from weakref import ref

from django.db.models import Model
from django.db.models.expressions import Col
from django.db.models.fields.related_descriptors import ForwardManyToOneDescriptor
from django.db.models.fields.related_lookups import RelatedExact, RelatedIn
from django.db.models.lookups import Exact, In, IntegerFieldExact

from quell.introspection.relations import relation_names, walk
from quell.lineage.alias import FetchAlias
from quell.lineage.ondemand import ASKER, TAG, Expected
from quell.loading.batching import CannotBatch, required_nodes, tie_field
from quell.loading.ondemand.members import Members, Wanted

# The stubs leave out what queries are made of.
Query: TypeAlias = Any
Condition: TypeAlias = Any
Key: TypeAlias = Any
Kind: TypeAlias = Literal["forward", "reverse_one", "generic", "column", "manager", "filter", "refresh"]

_EXACT = frozenset({Exact, RelatedExact, IntegerFieldExact})
_IN = frozenset({In, RelatedIn})


@dataclass(slots=True)
class Question:
    """
    A query that one row asks, or, for a prefetch, a few rows of a fetch.

    ``tie`` is the condition that names these rows, by the values ``keys``. ``wanted`` tells where each peer holds
    its own; that of a generic foreign key may be one of several relations.
    """

    kind: Kind
    tie: Condition
    keys: list[Key]
    wanted: tuple[Wanted, ...] = ()
    owner: Model | None = None
    alias: str | None = None
    name: str = ""
    content_type_id: Any = None

    @property
    def accessor(self) -> str:
        """Return the name of the relation or column on the owner; nothing where it has none."""
        if self.name or self.kind != "manager" or self.owner is None:
            return self.name
        return accessor_of(type(self.owner), self.tie.lhs.target)

    @property
    def is_to_one(self) -> bool:
        """Tell whether each row asks for it once, as it holds the answer from then on."""
        return self.kind not in {"manager", "filter"}

    @property
    def is_of_one(self) -> bool:
        """Tell whether a single row asks."""
        return type(self.tie) in _EXACT

    def peer_keys(self, members: Members, hops: Sequence[str]) -> Iterator[Key]:
        """Yield the key of each row behind some joins that may ask the same, each row on its own."""
        prepare = self.tie.lhs.output_field.get_prep_value
        for wanted in self.wanted:
            for values in members.values(hops, wanted):
                if self.kind == "generic" and values[0] != self.content_type_id:
                    continue
                try:
                    yield prepare(values[-1])
                except (TypeError, ValueError):
                    # Such as a generic key that is no key of this model.
                    continue


@dataclass(frozen=True, slots=True)
class Ask:
    """What one row asks, or a pair of rows: the question of the owner, and that of another row it was given."""

    questions: tuple[Question, ...]

    @property
    def lead(self) -> Question:
        """Return the question of the owner."""
        return self.questions[0]

    @property
    def keys(self) -> list[tuple[Key, ...]]:
        """Return the key of each owner who asks, one value for each question."""
        return list(product(*(question.keys for question in self.questions)))


@lru_cache(maxsize=1024)
def accessor_of(model: type[Model], target: Any) -> str:
    """Return the name of the manager whose rows are tied to their owner by a column."""
    for name in relation_names(model):
        if walk(model, name)[-1].hop.is_single:
            continue
        try:
            if tie_field(model, name) == target:
                return name
        except (CannotBatch, AttributeError):
            continue
    return ""


def question_of(query: Query, alias: str, announced: Expected | None) -> Question | None:
    """
    Return what a query asks on behalf of a row.

    Args:
        query: What is about to run.
        alias: Its database, which carries its fetch.
        announced: The load that Django is about to make, where its query does not say so.

    Returns:
        ``None`` for a query that belongs to no row.
    """
    inner = getattr(query, "inner_query", None) or query
    if announced is not None and announced.alias is not None:
        return _of_generic_key(inner, announced)
    owner = _owner_of(alias)
    if owner is None:
        return next(filters_of(query), None)
    if announced is not None and announced.is_about(owner):
        return _of_column(inner, owner, announced.attname)
    tag = inner.__dict__.get(TAG)
    return _of_relation(inner, owner, tag.descriptor) if tag is not None else _of_manager(inner, owner)


def _owner_of(alias: str) -> Model | None:
    hinted: ref[Model] | None = alias.fetch.hinted if type(alias) is FetchAlias else None
    return hinted() if hinted is not None else None


def _conditions(query: Query) -> Iterator[tuple[Condition, list[Key]]]:
    """Yield the conditions that hold for every row and name values of one column."""
    # The stubs know nothing of lookups as children.
    nodes: list[Any] = list(required_nodes(query.where))
    for node in nodes:
        for child in node.children:
            is_one = type(child) in _EXACT
            if not (is_one or type(child) in _IN) or not isinstance(child.lhs, Col):
                continue
            if child.bilateral_transforms or not child.rhs_is_direct_value():
                continue
            keys = [child.rhs] if is_one else list(child.rhs)
            if not any(hasattr(key, "resolve_expression") for key in keys):
                yield child, keys


def _is_key(target: Any, model: type[Model]) -> bool:
    return bool(target.primary_key) and target.model._meta.concrete_model is model._meta.concrete_model


def _of_generic_key(query: Query, announced: Expected) -> Question | None:
    alias = announced.alias
    if type(alias) is not FetchAlias:
        return None
    wanted = tuple(_generic_keys(alias.model))
    for tie, keys in _conditions(query):
        if wanted and _is_key(tie.lhs.target, query.model):
            name = wanted[0].cached if len(wanted) == 1 else ""
            type_id = announced.content_type_id
            return Question("generic", tie, keys, wanted, alias=alias, name=name, content_type_id=type_id)
    return None


def _generic_keys(model: type[Model]) -> Iterator[Wanted]:
    for field in model._meta.private_fields:
        if hasattr(field, "ct_field") and hasattr(field, "fk_field"):
            columns = field.model._meta.get_field(field.ct_field), field.model._meta.get_field(field.fk_field)
            yield Wanted(tuple(column.attname for column in columns), cached=field.name)


def _of_column(query: Query, owner: Model, attname: str) -> Question | None:
    for tie, keys in _conditions(query):
        if _is_key(tie.lhs.target, query.model):
            wanted = Wanted((tie.lhs.target.attname,), loaded=attname)
            return Question("column", tie, keys, (wanted,), owner, owner._state.db, attname)
    return None


def _of_relation(query: Query, owner: Model, descriptor: Any) -> Question | None:
    is_forward = isinstance(descriptor, ForwardManyToOneDescriptor)
    relation = descriptor.field if is_forward else descriptor.related
    pairs = (relation if is_forward else relation.field).related_fields
    if len(pairs) != 1:
        return None
    local, remote = pairs[0]
    own, other = (local, remote) if is_forward else (remote, local)
    name = relation.name if is_forward else relation.get_accessor_name()
    for tie, keys in _conditions(query):
        if tie.lhs.target == other:
            wanted = Wanted((own.attname,), cached=relation.cache_name)
            kind: Kind = "forward" if is_forward else "reverse_one"
            return Question(kind, tie, keys, (wanted,), owner, owner._state.db, name)
    return None


def _of_manager(query: Query, owner: Model) -> Question | None:
    model = type(owner)
    for tie, keys in _conditions(query):
        target = tie.lhs.target
        if _is_key(target, model) and query.model._meta.concrete_model is model._meta.concrete_model:
            # Not a relation: the row itself is read again.
            return Question("refresh", tie, keys, (), owner, owner._state.db)
        attname = _key_of_owner(target, model)
        if attname and _asks_for(owner, attname, tie, keys):
            return Question("manager", tie, keys, (Wanted((attname,)),), owner, owner._state.db)
    return None


def filters_of(query: Query) -> Iterator[Question]:
    """Yield what a query asks on behalf of each row that it was given, as in ``filter(ticket=ticket)``."""
    for tie, keys in _conditions(getattr(query, "inner_query", None) or query):
        asker = getattr(tie, ASKER, None)
        owner = asker.row() if asker is not None else None
        attname = _key_of_owner(tie.lhs.target, type(owner)) if owner is not None else ""
        if owner is not None and attname and _asks_for(owner, attname, tie, keys):
            yield Question("filter", tie, keys, (Wanted((attname,)),), owner, owner._state.db)


def _key_of_owner(target: Any, model: type[Model]) -> str:
    """Return the attribute of a model to which a column leads, if it does."""
    remote: tuple[Any, ...] = getattr(target, "foreign_related_fields", ())
    if len(remote) == 1 and issubclass(model, remote[0].model):
        return str(remote[0].attname)
    is_generic = any(
        getattr(field, "fk_field", None) == target.name for field in target.model._meta.private_fields
    )
    return str(model._meta.pk.attname) if is_generic else ""


def _asks_for(owner: Model, attname: str, tie: Condition, keys: list[Key]) -> bool:
    if type(tie) in _IN:
        return True
    value = owner.__dict__.get(attname)
    return value is not None and bool(tie.lhs.output_field.get_prep_value(value) == keys[0])
