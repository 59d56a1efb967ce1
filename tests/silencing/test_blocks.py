"""``quell.ignore()`` as a block."""

import asyncio

import pytest
from asgiref.sync import async_to_sync, sync_to_async

import quell
from quell.lineage.ignoring import ignored
from tests.library.models import Author, Book

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]


def _books(start: int = 0, end: int = 4) -> list[Book]:
    return list(Book.objects.order_by("pk")[start:end])


def _read(books: list[Book]) -> None:
    for book in books:
        str(book.author)


def _counts(watch: quell.watch) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    found = [(item.code, item.count) for item in watch.findings]
    return found, [(item.finding.code, item.finding.count) for item in watch.silenced]


@pytest.mark.parametrize("code", ["Q101", "n_plus_one"])
def test_block_silences_what_runs_inside(code: str) -> None:
    """By code and by kind, with the reason and the line of the block."""
    with quell.watch() as watch, quell.ignore(code, reason="four rows at most"):
        _read(_books())

    assert _counts(watch) == ([], [("Q101", 4)])
    assert watch.silenced[0].by == "block"
    assert watch.silenced[0].where.startswith("tests/silencing/test_blocks.py:")
    assert watch.silenced[0].reason == "four rows at most"


def test_block_may_be_opened_around_the_watch() -> None:
    """A test that ignores a code may watch inside."""
    with quell.ignore("Q101"), quell.watch() as watch:
        _read(_books())

    assert _counts(watch) == ([], [("Q101", 4)])


def test_block_ends_with_its_last_line() -> None:
    """What runs afterwards is reported."""
    with quell.watch() as watch:
        with quell.ignore("Q101"):
            pass
        _read(_books())

    assert _counts(watch) == ([("Q101", 4)], [])


def test_block_ends_when_it_raises() -> None:
    """An exception ends the block as well."""
    with quell.watch() as watch:
        with pytest.raises(ZeroDivisionError), quell.ignore("Q101"):
            1 / 0  # noqa: B018
        _read(_books())

    assert _counts(watch) == ([("Q101", 4)], [])


def test_loads_outside_of_the_block_are_counted_by_themselves() -> None:
    """Three of four loads inside: one is left, which is no N+1; two of four: two are left, which are one."""
    results = []
    for inside in (3, 2):
        with quell.watch() as watch:
            books = _books()
            for number, book in enumerate(books):
                if number < inside:
                    with quell.ignore("Q101"):
                        str(book.author)
                else:
                    str(book.author)
        results.append(_counts(watch))

    assert results == [([], [("Q101", 4)]), ([("Q101", 2)], [("Q101", 2)])]


def test_loop_with_a_block_in_it_is_one_loop() -> None:
    """A block per iteration silences the loop, and hides no loop."""
    with quell.watch() as watch:
        for pk in range(5):
            with quell.ignore("Q102"):
                Book.objects.filter(pk=pk).first()
    with quell.watch() as other:
        for pk in range(5):
            with quell.ignore("Q101"):
                Book.objects.filter(pk=pk).first()

    assert _counts(watch) == ([], [("Q102", 5)])
    assert _counts(other) == ([("Q102", 5)], [])


def test_queryset_from_inside_that_loads_outside_is_reported() -> None:
    """The loads decide, not the queryset."""
    with quell.watch() as watch:
        with quell.ignore("Q101"):
            books = _books()
        _read(books)

    assert _counts(watch) == ([("Q101", 4)], [])


def test_queryset_from_outside_that_loads_inside_is_silenced() -> None:
    """What ran inside is silenced, wherever its rows come from."""
    with quell.watch() as watch:
        books = _books()
        with quell.ignore("Q101"):
            _read(books)

    assert _counts(watch) == ([], [("Q101", 4)])


@pytest.mark.parametrize(
    ("arguments", "is_silenced"),
    [
        ({"model": "library.Book"}, True),
        ({"model": Book}, True),
        ({"model": "library.*", "path": "author"}, True),
        ({"model": Book, "path": "aut*"}, True),
        ({"model": Author}, False),
        ({"model": Book, "path": "editor"}, False),
        ({"path": "editor"}, False),
    ],
)
def test_model_and_path_narrow_the_block(arguments: dict[str, str], is_silenced: bool) -> None:
    """Only findings of that model and path are silenced."""
    with quell.watch() as watch, quell.ignore("Q101", **arguments):
        _read(_books())

    assert bool(watch.silenced) is is_silenced
    assert bool(watch.findings) is not is_silenced


def test_blocks_nest() -> None:
    """Each silences its own; the end of the inner one is not that of the outer one."""
    with quell.watch() as watch, quell.ignore("Q101", path="author"):
        with quell.ignore("Q101", path="author__country"):
            for book in _books():
                str(book.author.country)
        _read(_books(0, 3))

    assert watch.findings == ()
    assert sorted(item.finding.path for item in watch.silenced) == ["author", "author__country"]


def test_one_object_may_be_open_twice() -> None:
    """A block of the same object inside of itself ends by itself."""
    block = quell.ignore("Q101")
    with quell.watch() as watch, block:
        with block:
            _read(_books())
        _read(_books(0, 3))

    assert watch.findings == ()
    assert ignored.get() == ()


def test_hop_inside_of_a_silenced_hop_is_reported_with_its_path() -> None:
    """The first hop is silenced; the second leads from the root and counts its own loads."""
    with quell.watch() as watch:
        for book in _books():
            with quell.ignore("Q101"):
                author = book.author
            str(author.country)

    assert [(item.path, item.count) for item in watch.findings] == [("author__country", 4)]
    assert [(item.finding.path, item.finding.count) for item in watch.silenced] == [("author", 4)]


def test_decorated_function_is_silenced() -> None:
    """Each call is a block, and the function stays what it is."""

    @quell.ignore("Q101")
    def read(number: int, *, times: int = 1) -> int:
        """Read."""
        _read(_books())
        return number * times

    with quell.watch() as watch:
        assert read(2, times=3) == 6

    assert (read.__name__, read.__doc__) == ("read", "Read.")
    assert _counts(watch) == ([], [("Q101", 4)])


def test_decorated_method_is_silenced() -> None:
    """Also a static one, whichever decorator is on top."""

    class Reader:
        @quell.ignore("Q101")
        @staticmethod
        def one() -> None:
            _read(_books())

        @quell.ignore("Q101")
        def two(self) -> None:
            _read(_books(0, 3))

    with quell.watch() as watch:
        Reader.one()
        Reader().two()

    assert watch.findings == ()


def test_decorated_coroutine_is_silenced() -> None:
    """A coroutine function stays one, and its block is open while it runs, and no longer."""

    @quell.ignore("Q101")
    async def read() -> str:
        await sync_to_async(lambda: _read(_books()))()
        return "read"

    async def run() -> str:
        result = await read()
        assert ignored.get() == ()
        return result

    assert asyncio.iscoroutinefunction(read)
    with quell.watch() as watch:
        assert async_to_sync(run)() == "read"

    assert _counts(watch) == ([], [("Q101", 4)])
