"""The part of a chain of calls that is a queryset, and how its calls stand in the source."""

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst
from django.db.models import Model

from quell.management.fixing.methods import QUERYSET_METHODS, is_own_method
from quell.management.fixing.source import CannotFixError
from quell.management.fixing.tree import Chain, Link, Tree

_NO_INSTANCES = frozenset({"values", "values_list", "dates", "datetimes"})


@dataclass(frozen=True, slots=True)
class Rows:
    """
    The part of a chain that is a queryset.

    ``start`` is the number of steps in front of the first call; ``end`` is the position behind the last step that
    returns a queryset.
    """

    chain: Chain
    start: int
    end: int

    @property
    def calls(self) -> Sequence[Link]:
        """Return the calls that the queryset is made of."""
        return [link for link in self.chain.links[self.start : self.end] if link.call is not None]

    def named(self, name: str) -> list[Link]:
        """Return the calls of one method."""
        return [link for link in self.calls if link.name == name]

    @property
    def last(self) -> cst.BaseExpression:
        """Return the expression that new calls follow."""
        return self.chain.links[self.end - 1].node if self.end else self.chain.root


def rows_of(chain: Chain, model: type[Model], start: int) -> Rows:
    """
    Return the part of a chain that is a queryset of the model; its steps begin at a position.

    Raises:
        CannotFixError: If it returns no instances.
    """
    end = start
    for position in range(start, len(chain.links)):
        link = chain.links[position]
        if link.call is None or not (link.name in QUERYSET_METHODS or is_own_method(model, link.name)):
            break
        end = position + 1
    behind = chain.links[end].name if end < len(chain.links) else ""
    if behind in _NO_INSTANCES:
        msg = f"{behind}() returns no instances that could hold what is loaded"
        raise CannotFixError(msg)
    if behind == "raw":
        msg = "raw SQL takes no joins and no columns: select what is needed in the SQL, or append prefetch_related()"
        raise CannotFixError(msg)
    return Rows(chain, start, end)


def takes_joins(rows: Rows) -> bool:
    """Tell whether ``select_related()`` can be added: not beside a bare one, and not where it would lock more rows."""
    is_bare = any(not link.call.args for link in rows.named("select_related") if link.call is not None)
    locks = [link.call for link in rows.named("select_for_update") if link.call is not None]
    return not is_bare and all(
        any(arg.keyword is not None and arg.keyword.value == "of" for arg in call.args) for call in locks
    )


def space_of(tree: Tree, rows: Rows) -> str:
    """Return the white space in front of a new call: that of the last call that begins a line of its own."""
    for link in reversed(rows.chain.links):
        if link.attribute is None:
            continue
        space = tree.code(link.attribute.dot).partition(".")[0]
        if "\n" in space or "\r" in space:
            # A comment in there belongs to the call that it stands behind.
            return space if "\\" in space else _last_line(space, tree.source.newline)
    return ""


def _last_line(space: str, newline: str) -> str:
    return newline + space.replace("\r", "\n").rpartition("\n")[2]
