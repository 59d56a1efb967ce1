"""Fingerprints: equal for statements of one shape, and never showing a literal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.sqltext import fingerprint, mask

IDENTIFIERS = st.text(st.characters(exclude_characters="\0`", codec="utf-8"), min_size=1, max_size=12)
NAMES = st.from_regex(r"[^\W\d][\w]{0,8}", fullmatch=True).map(lambda name: f"t_{name}")
# A backslash before the closing quote is read one way by MySQL and another one by everything else.
TEXTS = st.text(st.characters(exclude_characters="\0\\", codec="utf-8"), max_size=20)
LITERALS = st.one_of(
    TEXTS.map(lambda text: "'" + text.replace("'", "''") + "'"),
    TEXTS.filter(lambda text: "$" not in text).map(lambda text: f"$${text}$$"),
    TEXTS.map(lambda text: "E'" + text.replace("'", "\\'") + "'"),
    st.integers().map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=3).map(str),
    st.floats(allow_nan=False, allow_infinity=False, min_value=0).map(repr),
    st.sampled_from(["%s", "?", "$1", "$23", ":name", "%(name)s", "0xFF", ":1"]),
)


def quoted(name: str) -> str:
    """Quote an identifier as standard SQL does."""
    return '"' + name.replace('"', '""') + '"'


def select(table: str, column: str, value: str, values: list[str]) -> str:
    """Return a statement with a literal in each place where Django puts one."""
    return (
        f"SELECT {quoted(table)}.{quoted(column)}, {value} AS n FROM {quoted(table)} "
        f"WHERE {quoted(column)} = {value} AND x IN ({', '.join(values)}) LIMIT {value}"
    )


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1", "SELECT ?"),
        ("SELECT 'it''s', 'it\\'s', E'it\\'s', N'x', x'00', U&'x'", "SELECT ?, ?, ?, ?, ?, ?"),
        ("SELECT $$it's$$, $tag$ $$ 1 $tag$", "SELECT ?, ?"),
        ("SELECT 1.5e-3, .5, 0xFF, 1_000, -7", "SELECT ?, ?, ?, ?, ?"),
        (
            "WHERE a = -1 AND b BETWEEN -1 AND - 2 AND c - 1 > 0",
            "WHERE a = ? AND b BETWEEN ? AND ? AND c - ? > ?",
        ),
        ("WHERE a LIKE %s ESCAPE '\\' AND b = 'x'", "WHERE a LIKE ? ESCAPE ? AND b = ?"),
        ("WHERE a IN (1)", "WHERE a IN (?)"),
        ("where a in(1,2 , 3)", "where a in (?)"),
        ("WHERE a IN (NULL, %s::int)", "WHERE a IN (?)"),
        ("WHERE (a, b) IN ((1, 2), (3, 4))", "WHERE (a, b) IN ((?, ?))"),
        ("WHERE a IN (SELECT 1)", "WHERE a IN (SELECT ?)"),
        ("WHERE f(1, 2) = 3", "WHERE f(?, ?) = ?"),
        ("INSERT INTO t (a) VALUES (1), (NOW()), (f(g(1)))", "INSERT INTO t (a) VALUES (?)"),
        ("SELECT  a\n\tFROM t -- why\n/* a 'b */ WHERE c", "SELECT a FROM t WHERE c"),
        ("SELECT t1.c2, t_3 FROM t1", "SELECT t1.c2, t_3 FROM t1"),
        ('SELECT "a 1"" ?", `b ``2`, [c 3] FROM t', 'SELECT "a 1"" ?", `b ``2`, [c 3] FROM t'),
        ("SELECT a::int, b[1], c ->> 'd', 5 % 2", "SELECT a::int, b[?], c ->> ?, ? % ?"),
        ("SELECT größe, '你好' FROM straße", "SELECT größe, ? FROM straße"),
        ("SELECT 'not closed, secret", "SELECT ?"),
        ("SELECT 1 /* not closed, secret", "SELECT ?"),
        ("", ""),
    ],
)
def test_fingerprint_folds_literals(sql: str, expected: str) -> None:
    """Literals, placeholders, lists, rows, comments and white space are folded; names are not."""
    assert fingerprint(sql) == expected


@given(
    IDENTIFIERS,
    IDENTIFIERS,
    LITERALS,
    LITERALS,
    st.lists(LITERALS, min_size=1),
    st.lists(LITERALS, min_size=1),
)
def test_fingerprint_ignores_values(
    table: str, column: str, one: str, other: str, few: list[str], many: list[str]
) -> None:
    """Neither the values nor the length of a list are part of the shape."""
    first, second = select(table, column, one, few), select(table, column, other, many)

    assert fingerprint(first) == fingerprint(second)


@given(IDENTIFIERS, IDENTIFIERS, IDENTIFIERS)
def test_fingerprint_tells_names_apart(one: str, other: str, column: str) -> None:
    """Statements over different tables or columns are never one shape."""
    is_same = one == other

    assert (
        fingerprint(f"SELECT a FROM {quoted(one)}") == fingerprint(f"SELECT a FROM {quoted(other)}")
    ) is is_same
    assert (
        fingerprint(select(one, column, "1", ["1"])) == fingerprint(select(other, column, "1", ["1"]))
    ) is is_same
    assert (
        fingerprint(select(column, one, "1", ["1"])) == fingerprint(select(column, other, "1", ["1"]))
    ) is is_same


@given(NAMES, NAMES)
def test_fingerprint_tells_bare_names_apart(one: str, other: str) -> None:
    """Names without quotes are kept as well, digits included."""
    assert (fingerprint(f"SELECT {one}.id FROM {one}") == fingerprint(f"SELECT {other}.id FROM {other}")) is (
        one == other
    )


@given(st.text())
def test_fingerprint_is_idempotent(sql: str) -> None:
    """The fingerprint of a fingerprint is the same, whatever the text is."""
    once = fingerprint(sql)

    assert fingerprint(once) == once


@given(IDENTIFIERS, LITERALS, st.lists(LITERALS, min_size=1))
def test_fingerprint_of_statements_is_idempotent(name: str, value: str, values: list[str]) -> None:
    """It holds for statements that look like those of Django, too."""
    once = fingerprint(select(name, name, value, values))

    assert fingerprint(once) == once


@given(st.from_regex(r"[A-Za-z]{6,20}", fullmatch=True).map(lambda text: f"secret{text}"), NAMES)
def test_mask_shows_no_literal(secret: str, name: str) -> None:
    """What people see holds names, and no value."""
    where = f"a = '{secret}' AND b = E'\\'{secret}' /* {secret} */ AND c = $${secret}$$"

    shown = mask(f"SELECT {name} FROM t WHERE {where}")

    assert secret not in shown
    assert shown == f"SELECT {name} FROM t WHERE a = ? AND b = ? AND c = ?"


def test_mask_keeps_the_length_of_lists() -> None:
    """People want to see how many values a list held."""
    assert mask("SELECT a FROM t WHERE b IN (1, 2, 3)") == "SELECT a FROM t WHERE b IN (?, ?, ?)"


def test_fingerprint_reads_long_text_in_linear_time() -> None:
    """No text makes the expression go back and forth: these would take minutes otherwise."""
    for piece in (
        "(",
        "'",
        '"',
        "$$",
        "/*",
        "--",
        "VALUES (",
        "IN (%s, ",
        "((((1)",
        "- - ",
        "\\'",
        "[a",
        "e'",
    ):
        text = piece * 20_000
        assert len(fingerprint(text)) <= 2 * len(text)
