"""A plan for one queryset of ``work``."""

from collections.abc import Iterator
from contextlib import contextmanager

from quell import FetchPlan
from quell.loading.recorded.blocks import apply_plans
from quell.loading.recorded.origins import Origin

TITLED = Origin("tests.recorded.work:titled", "library.Book", "Book.objects.filter(title__contains=text)")


@contextmanager
def narrowed(*columns: str, paths: tuple[str, ...] = ()) -> Iterator[None]:
    """Let the books of ``titled()`` have a plan."""
    with apply_plans({TITLED: FetchPlan(*paths, only=columns)}):
        yield
