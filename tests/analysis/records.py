"""Plain records, as a scope would freeze them."""

from itertools import count
from typing import Any

from quell.events import Fetch, Location, QueryEvent, Recording

ORIGIN = Location("/project/views.py", 10, "view")
TRIGGER = Location("/project/views.py", 12, "view")
_numbers = count(1)


def root(model: str = "shop.Order", **changes: Any) -> Fetch:
    """Return the evaluation of a queryset that user code built."""
    facts = {"call_path": 1, "origin": ORIGIN, "trigger": ORIGIN, "built_by": "user", **changes}
    return Fetch(number=next(_numbers), kind="root", model=model, **facts)


def lazy(parent: Fetch, *hops: str, owner: object = None, **changes: Any) -> Fetch:
    """Return a load that one row of ``parent`` asked for: by default one that asked for nothing else."""
    number = next(_numbers)
    facts = {
        "model": "shop.Other",
        "call_path": 2,
        "trigger": TRIGGER,
        "is_single": True,
        "can_join": True,
        **changes,
    }
    return Fetch(number=number, kind="lazy", parent=parent.number, hops=hops, owner=owner or number, **facts)


def prefetch(parent: Fetch, *hops: str, **changes: Any) -> Fetch:
    """Return a load for all rows of ``parent`` together."""
    facts = {"model": "shop.Other", "call_path": 3, "trigger": ORIGIN, **changes}
    return Fetch(number=next(_numbers), kind="prefetch", parent=parent.number, hops=hops, **facts)


def orphan(*hops: str, **changes: Any) -> Fetch:
    """Return a load that a row asked for which no queryset of this process loaded."""
    number = next(_numbers)
    facts = {
        "model": "shop.Other",
        "owner_model": "shop.Order",
        "call_path": 4,
        "trigger": TRIGGER,
        **changes,
    }
    return Fetch(number=number, kind="orphan", hops=hops, owner=number, **facts)


def select(sql: str = "SELECT 1 FROM a WHERE id = %s", *, path: int = 1, **changes: Any) -> QueryEvent:
    """Return a statement."""
    facts: dict[str, Any] = {"alias": "default", "duration_ms": 1.0, "row_count": 1, "operation": "select"}
    facts |= {"trigger": TRIGGER, "many": False, "is_in_user_loop": True, **changes}
    return QueryEvent(sql=sql, call_path=path, **facts)


def repeat(sql: str = "SELECT id FROM a WHERE id = %s", **changes: Any) -> QueryEvent:
    """Return a statement that a line of the user's ran, on a path of its own."""
    facts = {"path": next(_numbers), "action": 1, "action_line": TRIGGER, "is_in_user_loop": False, **changes}
    return select(sql, **facts)


def write(sql: str = "INSERT INTO a (x) VALUES (%s)", **changes: Any) -> QueryEvent:
    """Return a statement that changes something; by default one of a loop's."""
    operation = sql.split(maxsplit=1)[0].lower()
    facts = {"operation": operation, "action": 1, "action_line": TRIGGER, "verb": "save", **changes}
    return select(sql, **facts)


def recording(*fetches: Fetch, queries: tuple[QueryEvent, ...] = (), **facts: Any) -> Recording:
    """Return what a scope saw."""
    return Recording(queries=queries, fetches=fetches, **facts)
