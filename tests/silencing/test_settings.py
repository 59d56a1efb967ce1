"""Patterns in ``QUELL_IGNORE``."""

import pytest
from django.test import override_settings

import quell
from quell.events import Location
from quell.signals import findings_reported
from quell.silencing.patterns import parse
from tests.library.models import Book
from tests.silencing.conftest import Write

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]


def _read_authors() -> None:
    for book in Book.objects.order_by("pk"):
        str(book.author)


def _watch() -> quell.watch:
    with quell.watch() as watch:
        _read_authors()
    return watch


@pytest.mark.parametrize(
    "pattern",
    [
        "Q101",
        "n_plus_one",
        {"code": "Q101"},
        {"code": ["Q102", "Q101"]},
        {"model": "library.Book"},
        {"model": "library.*", "path": "auth*"},
        {"file": "tests/silencing/test_settings.py"},
        {"file": "tests/*"},
        {"file": "*/test_settings.py", "function": "_read_*"},
        {"function": "_read_authors", "reason": "a test"},
    ],
)
def test_pattern_silences_what_it_matches(pattern: object) -> None:
    """Codes, models, paths, files and functions are matched, all of one pattern together."""
    with override_settings(QUELL_IGNORE=[pattern]):
        watch = _watch()
        assert watch.findings == ()
        assert [(item.by, item.where) for item in watch.silenced] == [("setting", "QUELL_IGNORE[0]")]


@pytest.mark.parametrize(
    "pattern",
    [
        "Q102",
        {"model": "library.Author"},
        {"model": "library.book"},
        {"model": "library.Book", "path": "editor"},
        {"file": "silencing/*"},
        {"file": "tests/*", "function": "run"},
        {"code": "Q102", "model": "library.Book"},
        {"code": "Q1O1"},
        {},
    ],
)
def test_pattern_silences_nothing_else(pattern: object) -> None:
    """A pattern that differs in one point, or is wrong, silences nothing."""
    with override_settings(QUELL_IGNORE=[pattern]):
        watch = _watch()
        assert [item.code for item in watch.findings] == ["Q101"]
        assert watch.silenced == ()


def test_pattern_of_a_file_silences_the_loads_of_that_file(write: Write) -> None:
    """What other files load of the same cause is reported with its own count."""
    helper = write("def read(book):\n    return str(book.author)\n", folder="factories")

    with override_settings(QUELL_IGNORE=[{"file": "*/factories/*"}]):
        with quell.watch() as watch:
            for book in Book.objects.order_by("pk"):
                if book.title in {"Book 0", "Book 1"}:
                    helper.read(book)
                else:
                    str(book.author)
        assert [item.count for item in watch.findings] == [2]
        assert [item.finding.count for item in watch.silenced] == [2]


def test_signal_carries_no_silenced_finding() -> None:
    """Where all findings are silenced, nobody is told anything."""
    received = []

    def receive(**message: object) -> None:
        received.append(message)

    findings_reported.connect(receive)
    try:
        with override_settings(QUELL_IGNORE=["Q101"]):
            _watch()
        _watch()
    finally:
        findings_reported.disconnect(receive)

    assert len(received) == 1


def test_report_names_what_is_silenced() -> None:
    """The text of a watch says how many queries are silenced, by what, and why."""
    with override_settings(QUELL_IGNORE=[{"code": "Q101", "reason": "known"}]):
        lines = _watch().report().splitlines()

    assert lines == [
        "5 queries, none of them needless.",
        "silenced Q101 library.Book author (4 queries) by setting QUELL_IGNORE[0]: known",
    ]


def test_tuple_of_patterns_is_parsed_in_order() -> None:
    """Each pattern knows its number; wrong ones are left out."""
    found = parse(["Q101", "nonsense", {"model": "a.*"}])

    assert [(item.codes, item.model, item.source) for item in found] == [
        (("Q101",), "", "QUELL_IGNORE[0]"),
        ((), "a.*", "QUELL_IGNORE[2]"),
    ]


def test_location_of_windows_matches_slashes() -> None:
    """A glob is written with slashes everywhere."""
    from quell.silencing.patterns import holds

    (pattern,) = parse([{"file": "*/factories/*.py"}])

    assert holds(pattern, Location("C:\\project\\factories\\books.py", 1, "make"))
