"""Comments in the format of sqlcommenter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.sqltext import append_comment, comment_of, fingerprint


def test_keys_are_sorted_and_values_encoded() -> None:
    """As the format says: keys in order, URL-encoded, in single quotes."""
    found = comment_of({"route": "/tickets/<int:pk>/", "origin": "it's */ 100%.py:1"})

    assert found == "/*origin='it%27s%20%2A%2F%20100%25.py%3A1',route='%2Ftickets%2F%3Cint%3Apk%3E%2F'*/"


def test_values_that_tell_nothing_are_left_out() -> None:
    """Neither empty keys nor an empty comment."""
    assert comment_of({"route": "", "origin": "a"}) == "/*origin='a'*/"
    assert comment_of({"route": ""}) == ""


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1", "SELECT 1 /*a='%2F'*/"),
        ("SELECT 1;", "SELECT 1 /*a='%2F'*/;"),
        ("SELECT 1 ;\n", "SELECT 1 /*a='%2F'*/ ;\n"),
        ("SELECT 1; SELECT 2;", "SELECT 1; SELECT 2 /*a='%2F'*/;"),
        ("  (select 1)", "  (select 1) /*a='%2F'*/"),
        ("WITH x AS (SELECT 1) SELECT 1", "WITH x AS (SELECT 1) SELECT 1 /*a='%2F'*/"),
        ("SELECT 1 -- x", "SELECT 1 -- x"),
        ("SELECT /*+ hint */ 1", "SELECT /*+ hint */ 1"),
        ("SELECT '--'", "SELECT '--'"),
        ("SAVEPOINT x", "SAVEPOINT x"),
        ("PRAGMA foreign_keys", "PRAGMA foreign_keys"),
        ("CREATE TABLE x (y int)", "CREATE TABLE x (y int)"),
        ("", ""),
    ],
)
def test_comment_stands_at_the_end(sql: str, expected: str) -> None:
    """In front of the last semicolon, and nowhere where a comment may be already."""
    assert append_comment(sql, "/*a='%2F'*/", is_formatted=False) == expected


def test_percent_signs_are_doubled_beside_parameters() -> None:
    """The driver makes one of two."""
    found = append_comment("SELECT %s", "/*a='%2F'*/", is_formatted=True)

    assert found == "SELECT %s /*a='%%2F'*/"
    assert found % ("1",) == "SELECT 1 /*a='%2F'*/"


@given(st.text(max_size=30))
def test_no_value_ends_the_comment(value: str) -> None:
    """Whatever a value holds, the statement stays the one that it was."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return
    found = append_comment("SELECT a FROM b WHERE c = 1", comment_of({"origin": value}), is_formatted=False)

    assert found.count("*/") == found.count("/*") == bool(value)
    assert fingerprint(found) == fingerprint("SELECT a FROM b WHERE c = 1")
