"""Conditions over relations: what belongs to the rows that are counted, and what only has to exist."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet
from django.db.models.constants import LOOKUP_SEP

from quell.aggregation.references import paths_of, resolve
from quell.exceptions import UsageError

# Note [Conditions over relations]
# A join over a relation with several rows repeats the row that it starts from, so a condition over such a relation
# becomes an EXISTS, as a filter() of which each row is taken once. The exception is the relation that is counted
# itself: in Count("comments", comments__is_public=True) condition and count mean the same comment. Conditions that
# are combined by AND mean one row of a relation, as in one call of filter(), and share one EXISTS.


@dataclass(frozen=True, slots=True)
class Scope:
    """The rows of a model joined with the relations whose rows are counted; ``known`` are names of annotations."""

    model: type[Model]
    joined: frozenset[str]
    known: frozenset[str] = frozenset()

    def outside(self, node: object) -> frozenset[str]:
        """Return the relations that a node goes through and that are not joined."""
        return frozenset(self._relations(node)) - self.joined

    def anchor(self, node: object) -> str | None:
        """
        Return the row that an EXISTS for the node hangs on: ``""`` for that of the model, or a joined relation.

        It is ``None`` where parts of the node hang on different rows.
        """
        anchors = set()
        for path in self._paths(node):
            joined = [name for name in resolve(self.model, path).to_many if name in self.joined]
            anchors.add(joined[-1] if joined else "")
        return anchors.pop() if len(anchors) == 1 else None

    def _paths(self, node: object) -> list[str]:
        asked = Q(node) if isinstance(node, tuple) else node
        return [path for path in paths_of(asked) if path.split(LOOKUP_SEP)[0] not in self.known]

    def _relations(self, node: object) -> list[str]:
        return [name for path in self._paths(node) for name in resolve(self.model, path).to_many]


def without_joins(scope: Scope, condition: Q) -> Q:
    """
    Return the same condition without a path through a relation that is not joined.

    Raises:
        UsageError: If one comparison is between rows of several relations.
    """
    return _rewrite(scope, condition) if scope.outside(condition) else condition


def conjuncts(condition: Q | None) -> tuple[Any, ...]:
    """Return what all has to be true: the children of an AND at the top, or the condition itself."""
    if condition is None:
        return ()
    if condition.connector != Q.AND or condition.negated:
        return (condition,)
    found: list[Any] = []
    for child in condition.children:
        found.extend(conjuncts(child) if isinstance(child, Q) else [child])
    return tuple(found)


def joined_by_and(parts: tuple[Any, ...]) -> Q | None:
    """Return one condition that is true where all are, or nothing for none."""
    return Q(*parts) if parts else None


def _rewrite(scope: Scope, node: Q) -> Q:
    if node.connector == Q.AND and not node.negated:
        return _rewrite_all(scope, node)
    anchor = scope.anchor(node)
    if anchor is not None:
        return Q(_exists(scope, anchor, [node]))
    children = [_rewrite_child(scope, child) for child in node.children]
    return Q(*children, _connector=node.connector, _negated=node.negated)


def _rewrite_all(scope: Scope, node: Q) -> Q:
    kept: list[Any] = []
    moved: dict[str, list[Any]] = defaultdict(list)
    for child in conjuncts(node):
        anchor = scope.anchor(child)
        if not scope.outside(child):
            kept.append(child)
        elif anchor is not None:
            moved[anchor].append(child)
        else:
            kept.append(_rewrite_child(scope, child))
    kept += [_exists(scope, anchor, children) for anchor, children in moved.items()]
    return Q(*kept)


def _rewrite_child(scope: Scope, child: Any) -> Any:
    if not scope.outside(child):
        return child
    if isinstance(child, Q):
        return _rewrite(scope, child)
    anchor = scope.anchor(child)
    if anchor is None:
        msg = (
            f"{child!r} compares rows of several relations of {scope.model._meta.label}; put the comparison into an "
            "Exists() of your own"
        )
        raise UsageError(msg)
    return _exists(scope, anchor, [child])


def _exists(scope: Scope, anchor: str, children: list[Any]) -> Exists:
    """Ask whether the row at the anchor is among those that ``filter()`` would return."""
    prefix = f"{anchor}{LOOKUP_SEP}" if anchor else ""
    model = resolve(scope.model, anchor).field.path_infos[-1].to_opts.model if anchor else scope.model
    key = {field.attname: OuterRef(f"{prefix}{field.attname}") for field in model._meta.pk_fields}
    rows: QuerySet[Any, Any] = QuerySet(model)
    return Exists(rows.filter(*(_stripped(child, prefix) for child in children), **key))


def _stripped(node: Any, prefix: str) -> Any:
    """Return a condition as the model behind a prefix spells it."""
    if not prefix:
        return Q(node) if isinstance(node, tuple) else node
    if isinstance(node, Q):
        children = [_stripped(child, prefix) for child in node.children]
        return Q(*children, _connector=node.connector, _negated=node.negated)
    if isinstance(node, tuple):
        lookup, value = node
        if isinstance(value, F) and not isinstance(value, OuterRef):
            (path,) = paths_of(value)
            return Q((lookup.removeprefix(prefix), F(path.removeprefix(prefix))))
        if not any(paths_of(value)):
            return Q((lookup.removeprefix(prefix), value))
    msg = f"{node!r} compares columns behind {prefix.removesuffix(LOOKUP_SEP)!r}; put it into an Exists() of your own"
    raise UsageError(msg)
