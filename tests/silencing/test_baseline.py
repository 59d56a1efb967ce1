"""The baseline file, by itself."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from quell.events import Location
from quell.exceptions import UsageError
from quell.findings import Finding
from quell.silencing.baseline import Baseline, Entry, entries_of, read, write

HOME, LIST = "GET /", "GET /list/"


def _finding(path: str = "customer", *labels: str, line: int = 7, function: str = "orders") -> Finding:
    return Finding(
        kind="n_plus_one",
        code="Q101",
        model="shop.Order",
        path=path,
        count=line,
        origin=Location("/nowhere/checkout/shop/views.py", line, function),
        labels=labels or (HOME,),
    )


def test_entry_has_neither_lines_nor_folders() -> None:
    """What differs between two checkouts, or after an edit above, is in no entry."""
    (entry,) = entries_of([_finding()])

    assert (entry.origin, entry.labels, entry.causes) == ("views.py:orders", (HOME,), 1)
    assert str(entry) == "Q101 shop.Order customer in views.py:orders"
    assert entries_of([_finding(line=99)]) == (entry,)


def test_file_is_stable_and_readable(tmp_path: Path) -> None:
    """Any order of findings and pages gives the same text, which ends with a line feed and keeps umlauts."""
    found = [_finding("größe", LIST, HOME), _finding("a"), _finding("b", function="lists")]
    texts = []
    for findings in (found, [replace(item, labels=item.labels[::-1]) for item in reversed(found)]):
        write(tmp_path / "known.json", Baseline(entries_of(findings)))
        texts.append((tmp_path / "known.json").read_text(encoding="utf-8"))

    assert texts[0] == texts[1]
    assert texts[0].endswith("}\n")
    assert "größe" in texts[0]
    assert str(tmp_path) not in texts[0]
    assert [file.name for file in tmp_path.iterdir()] == ["known.json"]


def test_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Also where one function has two causes of one kind."""
    baseline = Baseline(entries_of([_finding("a", HOME, LIST), _finding("b"), _finding("b", line=9)]))
    write(tmp_path / "known.json", baseline)

    assert read(tmp_path / "known.json") == baseline
    assert [entry.causes for entry in baseline.entries] == [1, 2]


def test_known_finding_passes_and_new_one_does_not() -> None:
    """A line shift and another page change nothing; another path is new."""
    baseline = Baseline(entries_of([_finding("a")]))
    known, new = _finding("a", LIST, line=50), _finding("b")

    result = baseline.compare([known, new], {HOME, LIST})

    assert (result.new, result.known, result.stale) == ((new,), (known,), ())


def test_second_cause_in_one_function_is_new() -> None:
    """Two causes that nothing but their lines tells apart are not hidden by an entry for one."""
    baseline = Baseline(entries_of([_finding("a")]))
    both = [_finding("a"), _finding("a", line=20)]

    assert baseline.compare(both, {HOME}).new == tuple(both)
    assert Baseline(entries_of(both)).compare(both, {HOME}).new == ()


@pytest.mark.parametrize(
    ("visited", "is_stale"), [({HOME, LIST}, True), ({HOME}, False), ({"GET /other/"}, False), (set(), False)]
)
def test_entry_is_stale_when_its_pages_were_visited(visited: set[str], is_stale: bool) -> None:
    """A page that was not visited may still have it."""
    baseline = Baseline(entries_of([_finding("a", HOME, LIST)]))

    assert bool(baseline.compare([], visited).stale) is is_stale


def test_update_keeps_what_was_not_visited() -> None:
    """A run over some pages drops what they no longer show, and nothing else."""
    old = Baseline(entries_of([_finding("gone"), _finding("kept", LIST), _finding("both", HOME, LIST)]))

    new = old.updated([_finding("new")], {HOME})

    assert [(entry.path, entry.labels) for entry in new.entries] == [
        ("both", (LIST,)),
        ("kept", (LIST,)),
        ("new", (HOME,)),
    ]


def test_update_joins_the_pages_of_an_entry() -> None:
    """What is found on one page, and known from another that was not visited, has both."""
    two = [_finding("a", LIST), _finding("a", LIST, line=9)]

    (entry,) = Baseline(entries_of(two)).updated([_finding("a", HOME)], {HOME}).entries

    assert (entry.labels, entry.causes) == ((HOME, LIST), 2)


def test_update_of_everything_is_a_new_baseline() -> None:
    """After a full run, nothing is left of the old file."""
    old = Baseline(entries_of([_finding("gone"), _finding("a"), _finding("a", line=9)]))
    now = [_finding("a")]

    assert old.updated(now, {HOME}) == Baseline(entries_of(now))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<<<<<<< HEAD\n{}", "is no JSON"),
        ("", "is no JSON"),
        ("\x00\xff", "is no JSON"),
        ("[]", "has no version; this quell reads version 1"),
        ('{"version": 2, "findings": []}', "has version 2; this quell reads version 1"),
        ('{"version": 1}', "has an entry that cannot be read: KeyError('findings')"),
        ('{"version": 1, "findings": [{"code": "Q101"}]}', "has an entry that cannot be read"),
        ('{"version": 1, "findings": [7]}', "has an entry that cannot be read"),
        ('{"version": 1, "findings": 7}', "has an entry that cannot be read"),
    ],
)
def test_broken_file_says_what_to_do(tmp_path: Path, text: str, message: str) -> None:
    """A merge conflict, another version and an edit by hand are named, with the file and the way out."""
    file = tmp_path / "known.json"
    file.write_bytes(text.encode("latin-1"))

    with pytest.raises(UsageError) as caught:
        read(file)

    assert message in str(caught.value)
    assert str(file) in str(caught.value)
    assert "delete it and write a new one with --write-baseline" in str(caught.value)


@pytest.mark.parametrize("change", [{"labels": "GET /"}, {"labels": [1]}, {"path": None}, {"causes": "2"}])
def test_entry_of_wrong_types_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    """What was edited by hand is not half understood."""
    write(tmp_path / "known.json", Baseline(entries_of([_finding()])))
    document = json.loads((tmp_path / "known.json").read_text())
    document["findings"][0] |= change
    (tmp_path / "known.json").write_text(json.dumps(document))

    with pytest.raises(UsageError, match="has an entry that cannot be read"):
        read(tmp_path / "known.json")


def test_missing_file_and_folder_say_what_to_do(tmp_path: Path) -> None:
    """Reading names the option that writes; writing names the folder."""
    with pytest.raises(UsageError, match=r"does not exist\. Write it with .* --write-baseline"):
        read(tmp_path / "known.json")
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        read(tmp_path)
    with pytest.raises(UsageError, match=r"cannot be written: .* Name a file in a folder that exists"):
        write(tmp_path / "nowhere" / "known.json", Baseline())


def test_entry_without_a_place() -> None:
    """A cause without any line of its own is named by what it loads."""
    (entry,) = entries_of([replace(_finding(), origin=None)])

    assert (str(entry), entry.origin) == ("Q101 shop.Order customer", "")
    assert isinstance(entry, Entry)
