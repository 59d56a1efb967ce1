"""Calls that are there already, given and expected."""

import pytest

from quell.loading.plan import FetchPlan
from tests.fixing.conftest import Rewrite

JOIN = FetchPlan("author__country")
PREFETCH = FetchPlan("tags")

MERGES = {
    "adds a join": (JOIN, '.select_related("editor")', '.select_related("editor", "author__country")'),
    "lengthens a join": (JOIN, '.select_related("author")', '.select_related("author__country")'),
    "keeps a longer join": (
        FetchPlan("author", "tags"),
        '.select_related("author__country")',
        '.select_related("author__country").prefetch_related("tags")',
    ),
    "adds to names that are unpacked": (
        JOIN,
        ".select_related(*NAMES)",
        '.select_related(*NAMES, "author__country")',
    ),
    "leaves a join that was taken back": (
        JOIN,
        '.select_related("author").select_related(None)',
        '.select_related("author").select_related(None).select_related("author__country")',
    ),
    "prefetches beside a bare join": (
        JOIN,
        ".select_related()",
        '.select_related().prefetch_related("author__country")',
    ),
    "prefetches what a lock would lock": (
        JOIN,
        ".select_for_update()",
        '.select_for_update().prefetch_related("author__country")',
    ),
    "joins where the lock is named": (
        JOIN,
        '.select_for_update(of=("self",))',
        '.select_for_update(of=("self",)).select_related("author__country")',
    ),
    "adds a prefetch": (PREFETCH, '.prefetch_related("notes")', '.prefetch_related("notes", "tags")'),
    "prefetches what was taken back": (
        PREFETCH,
        '.prefetch_related("tags").prefetch_related(None)',
        '.prefetch_related("tags").prefetch_related(None).prefetch_related("tags")',
    ),
    "goes on behind a Prefetch": (
        FetchPlan("reviews__user"),
        '.prefetch_related(Prefetch("reviews", queryset=ROWS))',
        '.prefetch_related(Prefetch("reviews", queryset=ROWS), "reviews__user")',
    ),
    "keeps a Prefetch of the same": (
        FetchPlan("reviews", "tags"),
        '.prefetch_related(Prefetch("reviews", ROWS))',
        '.prefetch_related(Prefetch("reviews", ROWS), "tags")',
    ),
    "lengthens a prefetch": (
        FetchPlan("reviews__user"),
        '.prefetch_related("reviews")',
        '.prefetch_related("reviews__user")',
    ),
    "adds a key to only()": (
        JOIN,
        '.only("title")',
        '.only("title", "author").select_related("author__country")',
    ),
    "keeps only() with the key": (
        JOIN,
        '.only("title", "author")',
        '.only("title", "author").select_related("author__country")',
    ),
    "keeps defer() of other columns": (
        JOIN,
        '.defer("text")',
        '.defer("text").select_related("author__country")',
    ),
    "adds behind a comment": (
        PREFETCH,
        '.prefetch_related(\n    "notes",  # all of them\n)',
        '.prefetch_related(\n    "notes",  # all of them\n    "tags",\n)',
    ),
    "adds lines where a line has no comma": (
        PREFETCH,
        '.prefetch_related(\n    "notes"\n)',
        '.prefetch_related(\n    "notes",\n    "tags"\n)',
    ),
}


@pytest.mark.parametrize(("plan", "given", "expected"), MERGES.values(), ids=MERGES)
def test_chain_merges_with_what_is_there(
    rewrite: Rewrite, plan: FetchPlan, given: str, expected: str
) -> None:
    """Calls that are there take what is missing; what they load already is not named again."""
    before, after = f"# here\nrows = Book.objects{given}\n", f"# here\nrows = Book.objects{expected}\n"
    assert rewrite(before, plan) == after
