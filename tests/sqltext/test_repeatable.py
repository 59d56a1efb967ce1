"""Statements that give the same rows each time."""

import pytest

from quell.sqltext import is_repeatable


@pytest.mark.parametrize(
    "sql",
    [
        'SELECT "a"."id" FROM "a" WHERE ("a"."random" = %s AND NOT ("a"."b" IS NULL)) ORDER BY "a"."id" ASC LIMIT 21',
        "SELECT COUNT(*) AS `__count` FROM `a` INNER JOIN `b` ON (`a`.`b_id` = `b`.`id`)",
        'SELECT U0."id" FROM "a" U0 LEFT OUTER JOIN "b" T3 ON (U0."x" = T3."x")',
        """SELECT "a"."now()", 'RANDOM()' FROM "a" WHERE UPPER("a"."n"::text) LIKE UPPER(%s)""",
        'SELECT DISTINCT "a""b"."id" FROM "a""b" WHERE "a""b"."id" IN (%s, %s)',
    ],
)
def test_plain_statements_are_repeatable(sql: str) -> None:
    """Conditions, joins, orders and aggregates depend on the tables alone."""
    assert is_repeatable(sql)


@pytest.mark.parametrize(
    "sql",
    [
        'SELECT "a"."id" FROM "a" ORDER BY RANDOM() ASC',
        "SELECT `a`.`id` FROM `a` ORDER BY RAND() ASC",
        'SELECT CURRENT_TIMESTAMP AS "now" FROM "a"',
        "SELECT NEXTVAL(%s)",
        'SELECT "a"."id" FROM "a" FOR UPDATE',
        'INSERT INTO "a" ("b") VALUES (%s)',
        "UPDATE SELECT",
        'WITH "a" AS (SELECT 1) SELECT "a"."id" FROM "a"',
        "(SELECT 1)",
    ],
)
def test_whatever_else_is_not(sql: str) -> None:
    """A function may give another result each time, and so may what nobody has heard of."""
    assert not is_repeatable(sql)
