"""Which tables a statement names."""

import pytest

from quell.sqltext import tables


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (
            'SELECT 1 FROM "a" INNER JOIN "b" ON ("a"."x" = "b"."x") LEFT OUTER JOIN c T3 ON 1',
            ("a", "b", "c"),
        ),
        ("SELECT 1 FROM a, b AS x, (SELECT 1 FROM c) y, d WHERE e IN (1, 2)", ("a", "b", "c", "d")),
        ("INSERT INTO `a` (x, y) VALUES (1, 2)", ("a",)),
        ("INSERT INTO a (x) SELECT y FROM b ON CONFLICT (x) DO UPDATE SET x = 1", ("a", "b")),
        ("INSERT INTO a (x) VALUES (1) ON DUPLICATE KEY UPDATE x = 2", ("a",)),
        ("UPDATE a SET x = (SELECT 1 FROM b) WHERE y = 'FROM c'", ("a", "b")),
        ('DELETE FROM public.a WHERE x IN (SELECT y FROM "s"."b")', ("public.a", "s.b")),
        ("SELECT 1 FROM a FOR UPDATE OF a", ("a",)),
        ("SELECT EXTRACT(YEAR FROM x), TRIM(BOTH 'y' FROM z) FROM a WHERE b IS DISTINCT FROM c", ("a",)),
        ("WITH n AS (SELECT 1 FROM a) SELECT 1 FROM n JOIN b ON 1", ("a", "b")),
        ("SELECT 1 FROM a -- FROM b\n JOIN /* c */ [my d]", ("a", "my d")),
        ("SELECT 1 FROM a UNION SELECT 1 FROM ONLY b", ("a", "b")),
        ("SELECT 1 FROM LATERAL (SELECT 1 FROM a) x", ("a",)),
        ("INSERT OR REPLACE INTO a VALUES (1)", ("a",)),
        ("SELECT $$ FROM x $$ FROM a JOIN a b ON 1", ("a",)),
        ('SELECT 1 FROM "with "" quote"', ('with " quote',)),
        ("SELECT 1 FROM straße", ("straße",)),
        ("SELECT 1", ()),
        ("", ()),
    ],
)
def test_tables_reads_names(sql: str, expected: tuple[str, ...]) -> None:
    """Each table is named once, in order of appearance, without its quotes."""
    assert tables(sql) == expected
