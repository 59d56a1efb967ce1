"""What the process remembers of statements and of the ways to them: a bounded number, and no rows or templates."""

import asyncio
import gc
from contextlib import nullcontext
from typing import Any
from weakref import ref

import pytest
from django.db import connection
from django.template import Context, Engine, Template
from django.test.utils import CaptureQueriesContext

import quell
from quell.lineage import shortcuts, walking
from tests.library.models import Author, Book

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]
FEW = 8


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the process remember a few things only."""
    monkeypatch.setattr(shortcuts, "_MAX_STATEMENTS", FEW)
    monkeypatch.setattr(shortcuts, "_MAX_ENDS", FEW)
    monkeypatch.setattr(shortcuts, "_MAX_ENDS_OF_ALL", 2 * FEW)
    monkeypatch.setattr(walking, "_MAX_KNOWN", FEW)
    shortcuts.forget()
    walking._routes.clear()
    walking._outers.clear()


def _function(number: int) -> Any:
    """Return a function with code of its own."""
    names: dict[str, Any] = {"Author": Author}
    exec(
        compile(f"def work():\n    return Author.objects.count() + {number}", f"/srv/{number}.py", "exec"),
        names,
    )
    return names["work"]


@pytest.mark.usefixtures("forgetful")
def test_few_ways_are_remembered() -> None:
    """However many functions run a statement, and however many statements there are."""
    with quell.watch() as watch, connection.cursor() as cursor:
        for number in range(5 * FEW):
            _function(number)()
            cursor.execute(f"SELECT {number}")

    assert len(watch.queries) == 10 * FEW
    assert len(shortcuts.statements) <= FEW
    assert len(walking._routes) <= FEW
    assert len(walking._outers) <= FEW
    ways = [way for known in shortcuts.statements.values() for way in known._ways]
    assert ways
    assert all(len(way.ends) <= FEW and len(way.called) <= FEW for way in ways)
    assert sum(len(way.ends) for way in ways) <= 2 * FEW + 1


@pytest.mark.usefixtures("forgetful")
def test_loop_stays_one_where_its_ways_are_forgotten() -> None:
    """A loop whose every round fills what the process remembers is found, and its paths are those of one loop."""
    with quell.watch() as watch:
        for number, book in enumerate(Book.objects.order_by("pk")):
            str(book.author.name)
            for other in range(FEW):
                _function(FEW * number + other)()

    assert [finding.path for finding in watch.findings if finding.code == "Q101"] == ["author"]
    lazy = {query.call_path for query in watch.queries if '"library_author"."id" =' in query.sql}
    assert len(lazy) == 1


def test_long_statement_is_not_remembered() -> None:
    """A batch is another one each time."""
    text = f"SELECT 1 -- {'x' * shortcuts._MAX_LENGTH}"
    with quell.watch() as watch, connection.cursor() as cursor:
        cursor.execute(text)

    assert [query.sql for query in watch.queries] == [text]
    assert text not in shortcuts.statements


def test_frames_of_the_orm_are_those_that_are_there(
    recalled: list[tuple[object, object]],
) -> None:
    """An iterator of the ORM and a cursor that logs are as deep together as the evaluation of a queryset."""
    shortcuts.forget()
    for is_iterator in (False, True) * 4:
        with quell.watch(), CaptureQueriesContext(connection) if is_iterator else nullcontext():
            rows = Author.objects.all()
            list(rows.iterator() if is_iterator else rows)

    assert recalled
    for path, frames in recalled:
        assert path == frames


def test_keys_of_one_text_are_told_apart() -> None:
    """Author and editor of a book are read by the same statement; one line asks for either."""

    def export(*names: str) -> list[tuple[str, int]]:
        with quell.watch() as watch:
            for book in Book.objects.order_by("pk"):
                for name in names:
                    getattr(book, name)
        return sorted((finding.path, finding.count) for finding in watch.findings)

    shortcuts.forget()
    for _ in range(3):
        assert export("author") == [("author", 2)]
    assert export("editor") == [("editor", 2)]
    assert export("author", "editor") == [("author", 2), ("editor", 2)]


def test_raw_queryset_is_not_taken_for_a_later_fetch() -> None:
    """It begins where it is made, and runs where its rows are read."""

    def authors(*, is_late: bool) -> list[str]:
        with quell.watch() as watch:
            rows = Author.objects.raw("SELECT * FROM library_author")
            if is_late:
                Author.objects.get(pk=Author.objects.values_list("pk", flat=True)[0])
            for author in rows:
                str(author.country.name)
        return [str(finding.origin) for finding in watch.findings]

    shortcuts.forget()
    first, *others = (authors(is_late=False) for _ in range(3))
    assert len(first) == 1
    assert others == [first] * 2
    assert authors(is_late=True) == first


def test_template_of_a_request_is_not_kept() -> None:
    """A template that was made of a text for one page is gone with the page, though its places are known."""

    def page() -> "ref[Template]":
        made = Engine().from_string("{% for book in books %}{{ book.author.name }}{% endfor %}")
        made.render(Context({"books": Book.objects.order_by("pk")}))
        return ref(made)

    with quell.watch() as watch:
        references = [page() for _ in range(3)]
    assert watch.findings
    gc.collect()

    assert [reference() for reference in references] == [None] * 3


def test_second_watch_knows_the_ways_of_the_first() -> None:
    """Paths are numbered anew, and statements that took the same way are one path in each watch."""
    watches = []
    for _ in range(4):
        with quell.watch() as watch:
            for book in Book.objects.order_by("pk"):
                str(book.author.name)
        watches.append(watch)

    told = [
        [(item.code, item.path, item.count, item.fingerprint) for item in watch.findings] for watch in watches
    ]
    assert told == [told[0]] * 4
    assert [len({query.call_path for query in watch.queries}) for watch in watches] == [2] * 4


@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_tasks_of_two_lines_have_paths_of_their_own() -> None:
    """The same coroutine in a task that another line makes is another path, in each watch."""

    async def work() -> int:
        return await Author.objects.acount()

    for _ in range(3):
        async with quell.watch() as watch:
            for _ in range(2):
                await asyncio.create_task(work())
            await asyncio.create_task(work())

        first, second, third = (query.call_path for query in watch.queries)
        assert first == second != third
