"""The columns of the comparison: pieces of work, by the heading that they have."""

from collections.abc import Callable

from benchmarks.models import Ticket
from benchmarks.scenarios import (
    TOUCH_COUNT,
    get_each,
    get_each_deep,
    load_lazily,
    load_rows,
    serialize_lists,
    touch_loaded,
)


def touch_column() -> None:
    """Read a column ``TOUCH_COUNT`` times."""
    ticket = Ticket.objects.get(pk=1)
    for _ in range(TOUCH_COUNT):
        ticket.title  # noqa: B018 -- the access is the work


SCENARIOS: dict[str, Callable[[], object]] = {
    "gets": get_each,
    "deep": get_each_deep,
    "lazy": load_lazily,
    "loaded": touch_loaded,
    "column": touch_column,
    "rows": load_rows,
    "lists": serialize_lists,
}
