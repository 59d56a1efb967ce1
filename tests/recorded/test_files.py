"""The file of plans: what it holds, how runs are merged into it, and what is said of a broken one."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell import FetchPlan
from quell.exceptions import UsageError
from quell.loading.recorded.entries import Entry, Recorded
from quell.loading.recorded.files import EMPTY, data_of, read_data, read_plans, write_plans
from quell.loading.recorded.origins import Origin

BOOKS = Origin("shop.views:books", "library.Book", "Book.objects.all()")
NOTES = Origin("shop/notes.html", "library.Note", "for note in notes.all")
TITLES = Recorded(FetchPlan(only=["title"]))
AUTHORS = Recorded(FetchPlan("author", only=["author__name"]), ("reviews.count()",))

_TEXT = """\
{
  "about": "What each queryset needs, recorded by quell; review and commit it, and name it in QUELL_PLANS.",
  "version": 1,
  "origins": {
    "shop.views:books": [
      {
        "model": "library.Book",
        "code": "Book.objects.all()",
        "plan": {
          "paths": [
            "author"
          ],
          "only": [
            "author__name"
          ]
        },
        "calls": [
          "reviews.count()"
        ]
      }
    ],
    "shop/notes.html": [
      {
        "model": "library.Note",
        "code": "for note in notes.all",
        "plan": {
          "only": [
            "title"
          ]
        }
      }
    ]
  }
}
"""

_columns = st.frozensets(st.sampled_from(["title", "text", "author__name", "author__*", "*"]), min_size=1)
_calls = st.frozensets(st.sampled_from(["reviews.count()", "tags.first()"]))
_needs = st.builds(lambda only, calls: Recorded(FetchPlan(only=only), tuple(sorted(calls))), _columns, _calls)
_runs = st.dictionaries(st.sampled_from([BOOKS, NOTES]), _needs)


@given(_runs)
def test_file_reads_back_what_was_written(run: dict[Origin, Recorded]) -> None:
    """A document is the whole of what it was made from."""
    plans = EMPTY.merged(run)
    assert read_data(json.loads(json.dumps(data_of(plans)))) == plans


@given(_runs, _runs, _runs)
def test_runs_merge_in_any_order(
    one: dict[Origin, Recorded], two: dict[Origin, Recorded], three: dict[Origin, Recorded]
) -> None:
    """Merging is associative, commutative and idempotent, so that workers may end in any order."""
    whole = EMPTY.merged(one).merged(two).merged(three)
    assert data_of(whole) == data_of(EMPTY.merged(three).merged(one).merged(two))
    assert whole.merged(two) == whole


def test_text_is_sorted_and_has_one_path_to_a_line(tmp_path: Path) -> None:
    """The file is made for diffs: nothing in it moves when something else comes."""
    file = tmp_path / "plans.json"
    write_plans(file, EMPTY.merged({NOTES: TITLES, BOOKS: AUTHORS}))

    assert file.read_text() == _TEXT


def test_merge_takes_nothing_out() -> None:
    """A run that uses less leaves what others used."""
    plans = EMPTY.merged({BOOKS: AUTHORS}).merged({BOOKS: TITLES})
    assert plans.recorded[BOOKS] == Recorded(
        FetchPlan("author", only=["author__name", "title"]), ("reviews.count()",)
    )


def test_kept_entry_is_not_changed() -> None:
    """``"keep": true`` is a person's word: runs neither add to it nor replace it."""
    kept = Entry(origin=BOOKS, keep=True)
    plans = read_data(data_of(EMPTY))
    plans = type(plans)({BOOKS: kept})

    assert plans.merged({BOOKS: AUTHORS}).entries[BOOKS] == kept
    assert plans.renewed({BOOKS: AUTHORS}).entries[BOOKS] == kept
    assert plans.renewed({}).entries[BOOKS] == kept


def test_anew_forgets_what_was_not_used_and_keeps_notes() -> None:
    """A recording that starts anew has what it used, with the notes of people."""
    old = type(EMPTY)(
        {
            BOOKS: Entry(origin=BOOKS, recorded=AUTHORS, note="Called by the mobile app."),
            NOTES: Entry(origin=NOTES, recorded=TITLES),
        }
    )
    new = old.renewed({BOOKS: TITLES})

    assert new.entries == {BOOKS: Entry(origin=BOOKS, recorded=TITLES, note="Called by the mobile app.")}


def _document(**record: Any) -> dict[str, Any]:
    return {"version": 1, "origins": {"shop.views:books": [{"model": "library.Book", **record}]}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON"),
        ("[]", "has no version"),
        ('{"version": 2}', "has version 2; this quell reads version 1"),
        ('{"version": 1}', '"origins" is no mapping'),
        ('{"version": 1, "origins": {"a": {}}}', '"origins" is no mapping'),
        ('{"version": 1, "origins": {"a": ["x"]}}', "an entry of a is 'x'"),
        (json.dumps(_document(kep=True)), 'has "kep"; did you mean "keep"?'),
        (json.dumps(_document(keep=1)), '"keep" is true or false'),
        (json.dumps(_document(code=1)), "the rest are texts"),
        (json.dumps(_document(calls="x")), '"calls" a list'),
        (json.dumps(_document(plan={"paht": []})), "the plan of shop.views:books"),
        (json.dumps(_document(plan={"only": "title"})), "only="),
        (
            json.dumps({"version": 1, "origins": {"a": [{"model": "m.M"}, {"model": "m.M"}]}}),
            "stands twice",
        ),
    ],
)
def test_broken_file_says_what_to_do(text: str, message: str, tmp_path: Path) -> None:
    """Each way to break a file has a message that names the file and the place."""
    file = tmp_path / "plans.json"
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_plans(file)

    assert str(file) in str(caught.value)
    assert message in str(caught.value)


def test_missing_and_unreadable_files_say_what_to_do(tmp_path: Path) -> None:
    """A file that is not there is recorded, a folder is no file, and none is written where there is no folder."""
    with pytest.raises(UsageError, match=r"does not exist. Record it with manage.py quell profile --record"):
        read_plans(tmp_path / "plans.json")
    with pytest.raises(UsageError, match="cannot be read"):
        read_plans(tmp_path)
    with pytest.raises(UsageError, match="cannot be written"):
        write_plans(tmp_path / "nowhere" / "plans.json", EMPTY)
    assert not list(tmp_path.iterdir())


def test_needs_of_something_else_do_not_merge() -> None:
    """Only what was recorded merges with what was recorded."""
    with pytest.raises(TypeError):
        _ = TITLES | FetchPlan()
