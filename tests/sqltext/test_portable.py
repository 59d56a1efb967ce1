"""Shapes of snapshots: the same for every database."""

import pytest
from django.db import transaction
from django.db.models import Count

import quell
from quell.sqltext.portable import portable
from quell.testing.snapshots import text_of
from tests.library.models import Author, Country


@pytest.mark.parametrize(
    ("sql", "shape"),
    [
        ('SELECT "a"."id", "a"."name" FROM "a" LIMIT 21', "SELECT ... FROM a LIMIT ?"),
        ("SELECT `a`.`id` FROM `a` LIMIT 5 OFFSET 5", "SELECT ... FROM a LIMIT ?"),
        ('SELECT DISTINCT "a"."id" AS "col1" FROM "a"', "SELECT DISTINCT ... FROM a"),
        ('SELECT COUNT(*) AS "__count" FROM "a"', "SELECT COUNT(*) AS __count FROM a"),
        ('INSERT INTO "a" ("x", "y") VALUES (1, 2), (3, 4) RETURNING "a"."id"', "INSERT INTO a (...)"),
        ('UPDATE "a" SET "x" = 5 WHERE "a"."id" = 1', "UPDATE a SET x = ? WHERE a.id = ?"),
        ('SELECT 1 AS "a" FROM "b" LIMIT 1', "SELECT ? AS a FROM b LIMIT ?"),
    ],
)
def test_shape_has_neither_quotes_nor_columns_nor_values(sql: str, shape: str) -> None:
    """What databases spell in different ways is left out, and so is what a new column would change."""
    assert portable(sql) == shape


@pytest.mark.databases
@pytest.mark.django_db(databases=["default"])
def test_snapshot_is_the_same_on_each_database() -> None:
    """Reading, counting, joining and writing give one text everywhere."""
    with quell.watch() as watch, transaction.atomic():
        country = Country.objects.create(name="one")
        Author.objects.create(name="first", country=country)
        list(Author.objects.select_related("country").order_by("-name")[:3])
        Author.objects.filter(country__name__in=["one", "two"]).exists()
        Author.objects.aggregate(number=Count("pk"))
        Author.objects.filter(name="first").update(name="second")
        Author.objects.get(name="second")

    assert text_of(watch.queries) == "\n".join(
        [
            "   1 x INSERT INTO library_country (...)",
            "   1 x INSERT INTO library_author (...)",
            "   1 x SELECT ... FROM library_author INNER JOIN library_country ON"
            " (library_author.country_id = library_country.id) ORDER BY library_author.name DESC LIMIT ?",
            "   1 x SELECT ? AS a FROM library_author INNER JOIN library_country ON"
            " (library_author.country_id = library_country.id) WHERE library_country.name IN (?) LIMIT ?",
            "   1 x SELECT COUNT(library_author.id) AS number FROM library_author",
            "   1 x UPDATE library_author SET name = ? WHERE library_author.name = ?",
            "   1 x SELECT ... FROM library_author WHERE library_author.name = ? LIMIT ?",
        ]
    )
