"""What to write instead of a query that was already asked."""

import pytest
from asgiref.sync import async_to_sync

import quell
from tests.library.models import Tag


@pytest.mark.django_db
def test_async_call_is_kept_as_it_is_awaited() -> None:
    """The code to write awaits what the source awaits."""

    async def ask() -> None:
        await Tag.objects.filter(name="new").afirst()
        await Tag.objects.filter(name="new").afirst()

    with quell.watch() as watch:
        async_to_sync(ask)()
    (finding,) = watch.findings

    assert finding.suggestion.startswith('tag = await Tag.objects.filter(name="new").afirst() once')
