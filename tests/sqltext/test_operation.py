"""What a statement does."""

import pytest

from quell.sqltext import is_transaction_control, operation


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1", "select"),
        ("select 1", "select"),
        ("-- why\n/* and */ SELECT 1", "select"),
        ("# why\nSELECT 1", "select"),
        ("((SELECT 1) UNION (SELECT 2))", "select"),
        ("INSERT INTO t VALUES (1)", "insert"),
        ("REPLACE INTO t VALUES (1)", "insert"),
        ("UPDATE t SET a = 1", "update"),
        ("DELETE FROM t", "delete"),
        ("WITH a AS (SELECT 1) SELECT * FROM a", "select"),
        ("WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a", "insert"),
        ("WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a", "select"),
        ("WITH RECURSIVE \"delete\" AS (SELECT ')') UPDATE t SET a = 1", "update"),
        ("WITH a AS (SELECT 1 -- ) DELETE\n) DELETE FROM t", "delete"),
        ("EXPLAIN SELECT 1", "other"),
        ("CREATE TABLE t (a int)", "other"),
        ("PRAGMA foreign_keys", "other"),
        ("WITH a AS (SELECT 1)", "other"),
        ("", "other"),
        ("/* only a comment", "other"),
        ("SELECTED", "other"),
    ],
)
def test_operation_reads_the_main_verb(sql: str, expected: str) -> None:
    """Comments, parentheses and named queries are no obstacle."""
    assert operation(sql) == expected


@pytest.mark.parametrize(
    "sql",
    [
        "BEGIN",
        "BEGIN IMMEDIATE",
        "START TRANSACTION",
        "COMMIT",
        "END",
        "ROLLBACK",
        "ROLLBACK TO SAVEPOINT s1",
        "SAVEPOINT s1",
        'SAVEPOINT "s140_x1"',
        "RELEASE SAVEPOINT s1",
        "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        "SET SESSION TRANSACTION READ ONLY",
        "set autocommit = 0",
        "/* why */ begin;",
    ],
)
def test_is_transaction_control_accepts(sql: str) -> None:
    """Statements that open, end or set up a transaction are no queries."""
    assert is_transaction_control(sql)
    assert operation(sql) == "other"


@pytest.mark.parametrize(
    "sql", ["SET CONSTRAINTS ALL IMMEDIATE", "SET search_path TO x", "SELECT 1", "ENDPOINT", "BEGINNING", ""]
)
def test_is_transaction_control_refuses(sql: str) -> None:
    """Everything else is counted."""
    assert not is_transaction_control(sql)
