"""Plans by name: on querysets, managers and related managers."""

import pickle
from typing import Any, ClassVar

import pytest
from django.db import connection, models, transaction
from django.db.models import QuerySet
from django.test.utils import isolate_apps

from quell import FetchPlan, FetchPlanManager, FetchPlanQuerySet, Limit
from quell.checks import check_plans
from quell.exceptions import UsageError
from quell.loading.declared import wrong_plans
from tests.planapp.models import Chapter, ChapterQuerySet, Customer, Organization, Story
from tests.planapp.rows import loaded, run

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


@pytest.fixture
def customer() -> Customer:
    """Somebody with two stories of two chapters."""
    organization = Organization.objects.create(name="o", code="o")
    customer = Customer.objects.create(name="Ann", organization=organization)
    for title in ("a", "b"):
        story = Story.objects.create(title=title, customer=customer)
        Chapter.objects.bulk_create([Chapter(story=story, number=number) for number in (1, 2)])
    return customer


def _read(row: Any) -> tuple[object, ...]:
    return row.title, row.customer.name, row.chapter_count


def test_with_plan_loads_what_the_manager_declares(customer: Customer) -> None:
    """From the manager, from its querysets, and behind any call."""
    expected = ([("a", "Ann", 2), ("b", "Ann", 2)], 1)

    assert run(Story.objects.with_plan("list").order_by("pk"), _read) == expected
    assert run(Story.objects.order_by("pk").with_plan("list"), _read) == expected
    assert run(Story.objects.filter(title="a").with_plan("list"), _read) == (expected[0][:1], 1)
    assert loaded(Story.objects.with_plan("list")[0]) == {"id", "title", "customer_id"}


def test_with_plan_works_on_related_managers(customer: Customer) -> None:
    """They are made of the default manager of the model."""
    stories: Any = customer.stories

    assert run(stories.with_plan("list").order_by("pk"), _read)[0] == [("a", "Ann", 2), ("b", "Ann", 2)]
    assert run(stories.filter(title="b").with_plan("list"), _read) == ([("b", "Ann", 2)], 1)


@pytest.mark.parametrize("manager", ["objects", "others", "both"])
def test_with_plan_works_on_managers_made_of_a_queryset(customer: Customer, manager: str) -> None:
    """By ``as_manager()`` and ``from_queryset()``, which keep the methods of the queryset."""
    chapters = getattr(Chapter, manager)
    read = lambda row: row.story.customer.name  # noqa: E731

    assert run(chapters.with_plan("list"), read) == (["Ann"] * 4, 1)
    assert run(chapters.long().with_plan("list"), read) == (["Ann"] * 2, 1)
    assert isinstance(chapters.long().with_plan("list"), ChapterQuerySet)


def test_with_plan_knows_the_plans_of_manager_and_queryset(customer: Customer) -> None:
    """Of a manager with plans that is made of a queryset, with or without plans."""
    assert [row.n for row in Chapter.both.with_plan("counted")] == [2] * 4
    assert [row.n for row in Chapter.both.long().with_plan("list").with_plan("counted")] == [2] * 2
    assert [row.n for row in Chapter.plain.with_plan("counted")] == [2] * 4


def test_with_plan_takes_a_plan(customer: Customer) -> None:
    """Declared or not, one behind the other."""
    found = Story.objects.with_plan(FetchPlan(limits={"last": Limit("chapters", 1, "-number")})).with_plan(
        "list"
    )

    assert [[item.number for item in row.last] for row in found] == [[2], [2]]
    assert run(found.all(), _read)[1] == 2


def test_with_plan_names_the_closest_match(customer: Customer) -> None:
    """Of all plans that are known here."""
    with pytest.raises(UsageError, match=r"planapp.Story has no fetch plan 'lst'; did you mean \"list\"\?"):
        Story.objects.with_plan("lst")
    with pytest.raises(UsageError, match="there are counted, list"):
        Chapter.both.all().with_plan("xyz")
    with pytest.raises(UsageError, match="there are none"):
        FetchPlanQuerySet(Customer).with_plan("xyz")


def test_pickles_hold_nothing_of_quell(customer: Customer) -> None:
    """The rows, and what is left to load; names are known again afterwards."""
    planned = Chapter.objects.with_plan("list")
    text = pickle.dumps(planned)

    assert b"quell" not in text
    found = pickle.loads(text)
    assert run(found, lambda row: row.story.customer.name)[0] == ["Ann"] * 4
    query = pickle.loads(pickle.dumps(Story.objects.all().query))
    again = Story.objects.all()
    again.query = query
    assert run(again.with_plan("list").order_by("pk"), _read)[0] == [("a", "Ann", 2), ("b", "Ann", 2)]
    assert pickle.loads(pickle.dumps(Story.objects.with_plan("detail")))[0].title == "a"
    assert run(found.with_plan("list"), lambda row: row.story.customer.name)[0] == ["Ann"] * 4


@pytest.mark.django_db(transaction=True)
async def test_with_plan_iterates_asynchronously() -> None:
    """Whole, and in chunks."""
    organization = await Organization.objects.acreate(name="o", code="o")
    customer = await Customer.objects.acreate(name="Ann", organization=organization)
    await Chapter.objects.acreate(story=await Story.objects.acreate(title="a", customer=customer), number=1)

    assert [len(row.chapters.all()) async for row in Story.objects.with_plan("detail")] == [1]
    chunks = Story.objects.with_plan("detail").aiterator(chunk_size=1)
    assert [row.customer.organization.name async for row in chunks] == ["o"]
    assert (await Story.objects.with_plan("list").aget()).chapter_count == 1


def test_iterator_asks_for_the_size_of_chunks(customer: Customer) -> None:
    """The message names the plan and what it prefetches."""
    with pytest.raises(UsageError, match=r'of the plan "detail" prefetches "chapters".*chunk_size=2000'):
        Story.objects.with_plan("detail").iterator()

    assert len(list(Story.objects.with_plan("detail").iterator(chunk_size=1))) == 2
    assert len(list(Story.objects.with_plan("list").iterator())) == 2
    with pytest.raises(ValueError, match="chunk_size"):
        Story.objects.prefetch_related("chapters").iterator()


def test_select_for_update_never_locks_what_a_plan_joins(customer: Customer) -> None:
    """Before the plan it locks the rows alone; behind it, the tables have to be named."""
    with transaction.atomic():
        before = Story.objects.select_for_update().with_plan("joined")
        assert len(before) == 2
        with pytest.raises(UsageError, match=r'behind the plan "joined".*of=\("self",\)'):
            Story.objects.with_plan("joined").select_for_update()
        if connection.features.has_select_for_update_of:
            assert len(Story.objects.with_plan("joined").select_for_update(of=("self",))) == 2
        assert len(Story.objects.select_related("customer").select_for_update()) == 2


def test_counts_still_join_where_a_manager_has_plans() -> None:
    """A manager that only knows plans hides no rows."""
    assert FetchPlan(counts={"n": "stories"}).as_code(Customer) == '.annotate(n=Count("stories"))'


@isolate_apps("tests.planapp")
def test_check_reports_each_wrong_plan() -> None:
    """quell.E003 names the manager, the plan and the closest match."""

    class WrongManager(FetchPlanManager[Any]):
        fetch_plans: ClassVar[Any] = {
            "path": FetchPlan("autor"),
            "column": FetchPlan(only=("titel",)),
            "right": FetchPlan("author"),
            "count": FetchPlan(counts={"title": "parts"}),
            "nested": FetchPlan(limits={"first": Limit("parts", 1, plan=FetchPlan("bok"))}),
            "no plan": ["author"],
        }

    class Author(models.Model):
        class Meta:
            app_label = "planapp"

    class Book(models.Model):
        title = models.CharField(max_length=9)
        author = models.ForeignKey(Author, models.CASCADE)
        objects = WrongManager()

        class Meta:
            app_label = "planapp"

    class Part(models.Model):
        book = models.ForeignKey(Book, models.CASCADE, related_name="parts")

        class Meta:
            app_label = "planapp"

    found = {name: problem for _, name, problem in wrong_plans(Book)}

    assert found.keys() == {"path", "column", "count", "nested", "no plan"}
    assert 'did you mean "author"' in found["path"]
    assert 'did you mean "title"' in found["column"]
    assert 'did you mean "book"' in found["nested"]
    assert "write fetch_plans" in found["no plan"]
    assert {manager for manager, _, _ in wrong_plans(Book)} == {"planapp.Book.objects"}
    assert Part.__name__ == "Part"


def test_check_is_silent_about_right_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every plan of these models can be applied; one that cannot is an error with an id."""
    assert check_plans(None) == []

    monkeypatch.setattr(type(Story.objects), "fetch_plans", {"list": FetchPlan("custmer")})
    (error,) = check_plans(None)

    assert (error.id, error.obj) == ("quell.E003", Story)
    assert error.msg.startswith(
        'The fetch plan "list" of planapp.Story.objects: planapp.Story has no relation'
    )
    monkeypatch.setattr(type(Story.objects), "fetch_plans", FetchPlan())
    (error,) = check_plans(None)
    assert "no mapping" in error.msg


def test_plans_are_declared_on_querysets_and_managers_alone() -> None:
    """Any other queryset has none."""
    assert not hasattr(QuerySet(Customer), "with_plan")


def test_batch_loading_is_a_method_of_querysets_and_managers(customer: Customer) -> None:
    """Of four chapters the first one loads the stories of all, and of these the first one the customers."""
    read = lambda row: row.story.customer.name  # noqa: E731
    stories: Any = customer.stories

    assert run(Chapter.objects.batch_loading(), read) == (["Ann"] * 4, 3)
    assert run(Chapter.objects.filter(number=1).batch_loading(), read) == (["Ann"] * 2, 3)
    assert run(stories.batch_loading(), lambda row: len(row.chapters.all())) == ([2, 2], 2)


def test_batch_loading_of_values_is_an_error() -> None:
    """There are no instances that could load anything."""
    values: Any = Chapter.objects.values("number")

    with pytest.raises(UsageError, match="no instances"):
        values.batch_loading()
