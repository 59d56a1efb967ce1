"""Loops that their own answers drive, and frames that only look as if they were in a loop."""

import asyncio
from contextlib import suppress
from typing import Any

import factory
from asgiref.sync import async_to_sync, sync_to_async
from django.db import transaction

from tests.library.models import Category, Draft, Tag
from tests.scenarios.corpus import finds_loop, finds_write, scenario


class TagFactory(factory.django.DjangoModelFactory[Tag]):
    """Tags, as a test suite makes them."""

    class Meta:
        model = Tag

    name = factory.Sequence("Driven {}".format)


@scenario(databases=True)
def queue_that_locks() -> object:
    """The next row is not known before this one is written."""
    count = 0
    while True:
        with transaction.atomic():
            draft = Draft.objects.select_for_update().filter(is_deleted=False).order_by("pk").first()
            if draft is None:
                return count
            draft.is_deleted = True
            draft.save()
        count += 1


@scenario(databases=True)
def queue_that_deletes() -> object:
    """A question in the head of a loop is two instructions."""
    count = 0
    while draft := Draft.objects.order_by("pk").first():
        draft.delete()
        count += 1
    return count


@scenario(databases=True)
def some_of_a_queue() -> object:
    """A lock tells that each row is taken on its own."""
    for _ in range(4):
        with transaction.atomic():
            draft: Any = Draft.objects.select_for_update().filter(is_deleted=False).order_by("pk").first()
            draft.is_deleted = True
            draft.save()
    return Draft.objects.count()


@scenario(finds_write("Tag"), databases=True)
def one_row_changed_again_and_again() -> object:
    """Whoever asks for a key gets the row that is there already."""
    key = Tag.objects.values_list("pk", flat=True).get(name="Tag 1")
    for number in range(4):
        tag = Tag.objects.get(pk=key)
        tag.name += str(number)
        tag.save()  # trigger
    return Tag.objects.get(pk=key).name


@scenario(finds_write("Draft"), databases=True)
def pages_of_a_queue_written_row_by_row() -> object:
    """Each page could be written at once."""
    while drafts := list(Draft.objects.filter(is_deleted=False).order_by("pk")[:3]):
        for draft in drafts:
            draft.is_deleted = True
            draft.save()  # trigger
    return Draft.objects.count()


@scenario(databases=True)
def levels_of_a_tree() -> object:
    """One query per level is the least there is."""
    level = list(Category.objects.filter(parent=None).order_by("pk"))
    names = []
    while level:
        names += [node.name for node in level]
        level = list(Category.objects.filter(parent__in=[node.pk for node in level]).order_by("pk"))
    return names


@scenario(finds_loop("Category", origin="trigger"), databases=True)
def lists_of_keys_that_are_there() -> object:
    """Lists that a loop walks over are no levels: all of them are known."""
    keys = list(Category.objects.filter(children__isnull=False).distinct().values_list("pk", flat=True))
    found = []
    for chosen in (keys[:1], keys[1:3], keys[3:6]):
        found += list(Category.objects.filter(parent__in=chosen))  # trigger
    return len(found)


@scenario()
def awaited_rows_of_a_factory() -> object:
    """Whoever waits for a coroutine is in no loop; the loop is the library's."""

    async def make() -> int:
        await sync_to_async(TagFactory.create_batch)(5)
        return await Tag.objects.acount()

    return async_to_sync(make)()


@scenario()
def rows_of_a_factory_after_a_wait() -> object:
    """Nor is what comes behind another await."""

    async def make() -> int:
        await asyncio.sleep(0)
        return await sync_to_async(_make_five)()

    return async_to_sync(make)()


def _make_five() -> int:
    return len(TagFactory.create_batch(5))


@scenario(finds_write("Tag"))
def awaited_rows_in_a_loop() -> object:
    """A loop that waits is one."""

    async def make() -> int:
        for number in range(4):
            await Tag.objects.acreate(name=f"Awaited {number}")  # trigger
        return await Tag.objects.acount()

    return async_to_sync(make)()


@scenario(databases=True)
def write_that_is_tried_again() -> object:
    """Of all attempts only the last one stays."""
    for attempt in range(4):
        with suppress(LookupError), transaction.atomic():
            tag = Tag.objects.get(name="Tag 1")
            tag.name = "Another"
            tag.save()
            if attempt < 3:
                raise LookupError
    return Tag.objects.filter(name="Another").count()


@scenario(finds_write("Tag"), databases=True)
def writes_of_which_some_fail() -> object:
    """Most rows of this loop stay."""
    for number in range(5):
        with suppress(LookupError), transaction.atomic():
            Tag.objects.create(name=f"Made {number}")  # trigger
            if number == 3:
                raise LookupError
    return Tag.objects.count()


@scenario(databases=True)
def updates_by_ranges_of_keys() -> object:
    """Many rows per statement, and no list of their keys."""
    last = Draft.objects.order_by("-pk").values_list("pk", flat=True)[0]
    for start in range(0, last, 2):
        Draft.objects.filter(pk__gt=start, pk__lte=start + 2).update(is_deleted=True)
    return Draft.objects.count()
