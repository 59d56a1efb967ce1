"""Paths that lead back to the rows that they came from."""

from collections.abc import Sequence

from django.db.models import Model

from quell.exceptions import UsageError
from quell.introspection.relations import Relation, walk

# Note [Ways back]
# Django sets the way back by itself: comment.ticket of ticket.comments, and profile.customer of customer.profile,
# are the row that the relation was followed from, whatever else a query joins there. So what a path names behind
# a way back is loaded where it came from: "comments__ticket__customer" is "comments" and "customer".


def without_returns(model: type[Model], path: str) -> tuple[str, ...]:
    """
    Return paths without ways back that load the same; the path itself where it has none.

    Raises:
        UsageError: If the path is no relation of the model.
    """
    # See Note [Ways back]
    found: list[str] = []
    way: list[Relation] = []
    for relation in walk(model, path):
        if way and _is_return(way[-1], relation):
            found.append(_path(way))
            way.pop()
        else:
            way.append(relation)
    if not found:
        return (path,)
    found += [_path(way)] if way else []
    return tuple(found) if all(_exists(model, item) for item in found) else (path,)


def return_position(model: type[Model], path: str) -> int:
    """
    Return the position of the first hop that leads back, else the number of hops.

    Raises:
        UsageError: If the path is no relation of the model.
    """
    hops = walk(model, path)
    return next((at for at in range(1, len(hops)) if _is_return(hops[at - 1], hops[at])), len(hops))


def home_of(model: type[Model], path: str) -> str:
    """
    Return the shortest path to the rows at the end of a path; nothing where these are those of the root.

    Raises:
        UsageError: If the path is no relation of the model.
    """
    way: list[Relation] = []
    for relation in walk(model, path):
        if way and _is_return(way[-1], relation):
            way.pop()
        else:
            way.append(relation)
    home = _path(way)
    return home if not home or _exists(model, home) else path


def _is_return(one: Relation, two: Relation) -> bool:
    if two.hop.kind == "forward":
        is_reverse = one.hop.kind in {"reverse_one", "reverse_many"}
        return bool(is_reverse and getattr(one.field, "field", None) == two.field)
    return bool(one.hop.kind == "forward" and two.hop.kind == "reverse_one" and two.field.field == one.field)


def _path(way: Sequence[Relation]) -> str:
    return "__".join(relation.hop.name for relation in way)


def _exists(model: type[Model], path: str) -> bool:
    try:
        walk(model, path)
    except UsageError:
        # The rows are of a child, which has no name for itself.
        return False
    return True
