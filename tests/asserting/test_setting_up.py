"""What factories and fixtures run is not blamed on the test, in runs of their own."""

import re
from pathlib import Path

import factory
import pytest
from factory.django import DjangoModelFactory

import quell
from quell.testing import asserting
from quell.testing.setting_up import is_of_factory
from tests.asserting.running import run
from tests.library.models import Author, Country

FACTORIES = """
import factory
from factory.django import DjangoModelFactory
from tests.library.models import Author, Country

class CountryFactory(DjangoModelFactory):
    class Meta:
        model = Country
        django_get_or_create = ("name",)

    name = "Chile"

class AuthorFactory(DjangoModelFactory):
    class Meta:
        model = Author
        skip_postgeneration_save = True

    name = factory.Sequence(str)
    country = factory.SubFactory(CountryFactory)

    @factory.post_generation
    def check(self, create, extracted, **kwargs):
        [author.country.name for author in Author.objects.all()]
"""
TESTS = """
@pytest.fixture
def made(db):
    for _ in range(3):
        AuthorFactory()

def test_fixture(made):
    pass

def test_loop(db):
    for _ in range(3):
        AuthorFactory()

def test_batch(db):
    AuthorFactory.create_batch(3)

@pytest.mark.django_db(transaction=True)
async def test_async():
    await sync_to_async(AuthorFactory.create_batch)(3)

@pytest.mark.quell(max_queries=1)
def test_number(db):
    AuthorFactory.create_batch(3)
    assert Author.objects.count() == 3

def test_own_loads(db):
    AuthorFactory.create_batch(3)
    slow()

def test_own_writes(db):
    chile = AuthorFactory().country
    for _ in range(3):
        Author.objects.create(country=chile)
"""


def test_factories_are_the_setup_of_a_test(tmp_path: Path) -> None:
    """In a loop, in a batch, in a thread and by its own callback; what the test does itself stays its own."""
    tests = f"from asgiref.sync import sync_to_async\n{FACTORIES}{TESTS}"
    output = run(tmp_path, tests, "--quell", "-rA")

    outcomes = re.findall(r"^(PASSED|FAILED) test_it.py::(\w+)", output, re.MULTILINE)
    assert {name for outcome, name in outcomes if outcome == "FAILED"} == {
        "test_own_loads",
        "test_own_writes",
    }
    assert len(outcomes) == 7, output
    assert "Q101 library.Author country: " in output
    assert "Q105 library.Author: " in output


class _CountryFactory(DjangoModelFactory[Country]):
    class Meta:
        model = Country

    name = factory.Sequence(str)


def test_blocks_of_assertions_leave_factories_apart(db: None) -> None:
    """No finding, but each of their queries counts, as the block says how many there may be."""
    with asserting.assert_no_findings() as seen:
        for _ in range(3):
            _CountryFactory.create()

    assert len(seen.queries) == 3
    assert all(map(is_of_factory, seen.queries))
    with quell.watch() as plain:
        _CountryFactory.create()
    assert [is_of_factory(query) for query in plain.queries] == [False]
    with pytest.raises(AssertionError, match="3 queries ran, at most 2 may"), asserting.assert_max_queries(2):
        _CountryFactory.create_batch(3)


def test_own_loop_beside_a_factory_is_found(db: None) -> None:
    """A block that calls a factory is as guilty of its own queries as any other."""
    Author.objects.bulk_create([Author(name=str(n), country=_CountryFactory.create()) for n in range(3)])

    def block() -> None:
        with asserting.assert_no_findings():
            _CountryFactory.create()
            [author.country.name for author in Author.objects.all()]

    with pytest.raises(AssertionError, match="Q101"):
        block()
