"""What holds for every chain and every plan."""

from typing import Any

import pytest
from django.db.models import QuerySet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quell.loading.plan import FetchPlan
from quell.loading.values import drop_covered
from tests.fixing.conftest import Rewrite
from tests.library.models import Book

CALLS = (
    ".all()",
    '.filter(title="a")',
    '.order_by("pk")',
    ".distinct()",
    ".written()",
    '.select_related("author")',
    '.select_related("editor__country", "language")',
    ".select_related(None)",
    '.prefetch_related("tags")',
    '.prefetch_related("reviews", "notes")',
    ".prefetch_related(None)",
    '.defer("text")',
    '.only("title", "author", "editor", "publisher", "language")',
)
PATHS = (
    "author",
    "author__country",
    "editor__country",
    "publisher",
    "language",
    "tags",
    "reviews",
    "reviews__user",
)

chain_codes = st.lists(st.sampled_from(CALLS), max_size=5)
plans = st.sets(st.sampled_from(PATHS), min_size=1).map(lambda paths: FetchPlan(*sorted(paths)))
layouts = st.sampled_from(("{}\n", "({})\n", "(\n    {}\n)\n", "show(  {} , 1)\n", "({})[:5]\n"))
separators = st.sampled_from(("", "\n    "))
quotes = st.sampled_from(("'", '"'))
limits = st.sampled_from((60, 200))

each = settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
REFUSED = "refused: the source loads it already"


def _source(calls: list[str], layout: str, separator: str, quote: str) -> str:
    if "(" not in layout:
        separator = ""
    chain = "Book.objects" + separator.join(calls or [".all()"])
    return f"rows = {layout.format(chain)}".replace('"', quote)


@each
@given(chain_codes, plans, layouts, separators, quotes, limits)
def test_second_rewrite_changes_nothing(
    rewrite: Rewrite, calls: list[str], plan: FetchPlan, layout: str, separator: str, quote: str, limit: int
) -> None:
    """What was written once is not written again."""
    source = _marked(_source(calls, layout, separator, quote))
    once = rewrite(source, plan, limit)
    if not once.startswith("refused: "):
        twice = rewrite(_marked(once), plan, limit)
        assert twice.startswith(REFUSED), (once, twice)
    else:
        assert once.startswith(REFUSED), (source, once)


def _marked(text: str) -> str:
    """Put the mark in front of the line on which the first call of a chain is made, which is its origin."""
    lines = [line for line in text.splitlines(keepends=True) if line.strip() != "# here"]
    at = next(number for number, line in enumerate(lines) if "Book.objects" in line)
    return "".join([*lines[:at], "# here\n", *lines[at:]])


@pytest.mark.django_db
@each
@given(chain_codes, plans, separators, limits)
def test_rewritten_chain_loads_what_the_plan_loads(
    rewrite: Rewrite, calls: list[str], plan: FetchPlan, separator: str, limit: int
) -> None:
    """The code that comes out makes the queryset that the plan makes, down to its SQL."""
    source = _marked(_source(calls, "({})\n", separator, '"'))
    text = rewrite(source, plan, limit)
    before = _evaluated(source)
    after = before if text.startswith("refused: ") else _evaluated(text)
    expected = plan.apply(before)
    assert str(after.query) == str(expected.query)
    assert _lookups(after) == _lookups(expected)


def _evaluated(source: str) -> QuerySet[Any, Any]:
    names: dict[str, Any] = {"Book": Book}
    exec(compile(source, "views.py", "exec"), names)
    found: QuerySet[Any, Any] = names["rows"]
    return found


def _lookups(rows: QuerySet[Any, Any]) -> tuple[str, ...]:
    return drop_covered(rows._prefetch_related_lookups)  # type: ignore[attr-defined]  # missing in the stubs
