"""The rules about what is unused, at their thresholds."""

import pytest

from quell.analysis import unused_columns, unused_eager_load
from quell.events import ColumnLoad, EagerLoad, Fetch, Location, Recording

ORIGIN = Location("/app/views.py", 10, "view")
ROOT = Fetch(number=1, kind="root", model="app.Book", origin=ORIGIN, built_by="user", trigger=ORIGIN)


def _load(**changes: object) -> EagerLoad:
    facts = {"fetch": 1, "path": ("author",), "by": "join", "row_count": 2, "related_count": 2}
    return EagerLoad(**(facts | changes))  # type: ignore[arg-type]  # facts of any type


def _column(**changes: object) -> ColumnLoad:
    facts = {"fetch": 1, "hops": (), "name": "text", "model": "app.Book", "row_count": 2, "byte_count": 200}
    return ColumnLoad(**(facts | {"is_touched": True, "row_byte_count": 400} | changes))  # type: ignore[arg-type]  # as above


def _unused(*loads: EagerLoad, root: Fetch = ROOT) -> list[str]:
    recording = Recording(fetches=(root,), eager_loads=loads)
    return [finding.path for finding in unused_eager_load.find(recording, threshold=2)]


def _unread(*columns: ColumnLoad, share: float = 0.5, loads: tuple[EagerLoad, ...] = ()) -> list[str]:
    recording = Recording(fetches=(ROOT,), columns=columns, eager_loads=loads)
    return [finding.path for finding in unused_columns.find(recording, threshold=2, share=share)]


def test_unused_relation_is_found() -> None:
    """Two rows are enough."""
    assert _unused(_load()) == ["author"]


def test_used_relation_is_not_found() -> None:
    """One fetch that uses it speaks for all fetches of the line."""
    assert _unused(_load(), _load(is_used=True)) == []


def test_relation_of_one_row_is_not_found() -> None:
    """One row is not enough, two rows of two fetches are."""
    assert _unused(_load(row_count=1)) == []
    assert _unused(_load(row_count=1), _load(row_count=1)) == ["author"]


def test_relation_without_related_rows_is_not_found() -> None:
    """What led nowhere may lead somewhere tomorrow."""
    assert _unused(_load(related_count=0)) == []


def test_unused_path_is_one_finding() -> None:
    """What is on the way goes with it; what is beside it does not."""
    loads = (_load(), _load(path=("author", "country")), _load(path=("editor",)))
    assert _unused(*loads) == ["author__country", "editor"]


@pytest.mark.parametrize("built_by", ["template", "library"])
def test_queryset_that_nobody_can_change_is_not_judged(built_by: str) -> None:
    """There is no line to change."""
    root = Fetch(number=1, kind="root", model="app.Book", built_by=built_by)  # type: ignore[arg-type]  # one of them
    assert _unused(_load(), root=root) == []


def test_join_that_an_admin_makes_is_not_judged() -> None:
    """Nobody wrote a bare select_related() of a library; the names of list_select_related somebody did."""
    root = Fetch(number=1, kind="root", model="app.Book", built_by="library", place="A.list_select_related")
    assert _unused(_load(is_bare=True), root=root) == []
    assert _unused(_load(), root=root) == ["author"]


def test_unread_column_is_found() -> None:
    """By type, or by more than its share."""
    assert _unread(_column(is_wide=True, byte_count=1)) == ["text"]
    assert _unread(_column(byte_count=201)) == ["text"]


def test_read_column_is_not_found() -> None:
    """One fetch that reads it speaks for all fetches of the line."""
    assert _unread(_column(is_wide=True), _column(is_wide=True, is_read=True)) == []


def test_column_at_its_share_is_not_found() -> None:
    """Half of the bytes are not more than half, and a few bytes are nothing."""
    assert _unread(_column()) == []
    assert _unread(_column(), share=0.4) == ["text"]
    assert _unread(_column(byte_count=198, row_byte_count=200)) == []


def test_column_of_one_row_is_not_found() -> None:
    """One row is not enough, two rows of two fetches are."""
    assert _unread(_column(is_wide=True, row_count=1)) == []
    assert _unread(*[_column(is_wide=True, row_count=1)] * 2) == ["text"]


def test_empty_column_is_not_found() -> None:
    """Nothing would be saved."""
    assert _unread(_column(is_wide=True, byte_count=0)) == []


def test_column_of_untouched_rows_is_not_found() -> None:
    """Of rows that are only counted, no column is to blame."""
    assert _unread(_column(is_wide=True, is_touched=False)) == []


def test_column_behind_an_unused_relation_is_not_found() -> None:
    """It goes with the relation."""
    column = _column(is_wide=True, hops=("author",))
    assert _unread(column) == ["author__text"]
    assert _unread(column, loads=(_load(),)) == []


def test_columns_are_ranked_by_bytes() -> None:
    """The largest comes first."""
    small, large = _column(is_wide=True, byte_count=5), _column(is_wide=True, name="scan")
    assert _unread(small, large) == ["scan", "text"]
