"""Marked frames: what lies outside of a frame is walked once, and no path is taken for another."""

import gc
import sys
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import FrameType

import pytest
from django.template import Context, Engine

import quell
from quell.lineage.callpath import Outer
from tests.library.models import Book

pytestmark = pytest.mark.django_db


def _get() -> Book:
    return Book.objects.get(title="Book 0")


def _twice(work: Callable[[], object]) -> None:
    work()
    work()


def _paths(watch: quell.watch) -> list[int]:
    return [query.call_path for query in watch.queries]


def test_loop_has_one_path(books: list[Book]) -> None:
    """The path of the first round, which was walked, is that of the last, which was remembered."""
    with quell.watch() as watch:
        for _ in range(6):
            _get()

    assert len(set(_paths(watch))) == 1


def test_lines_have_paths_of_their_own(books: list[Book]) -> None:
    """A marked frame that moved on leads to another path, also with the same statement."""
    with quell.watch() as watch:
        for _ in range(4):
            _get()
        _get()
        _get()

    paths = _paths(watch)
    assert len(set(paths[:4])) == 1
    assert len(set(paths[3:])) == 3


def test_callers_lines_have_paths_of_their_own(books: list[Book]) -> None:
    """The same function under another line of its caller's caller has another path."""
    with quell.watch() as watch:
        for _ in range(4):
            _twice(_get)
        _twice(_get)

    paths = _paths(watch)
    assert len(set(paths[:8:2])) == len(set(paths[1:8:2])) == 1
    assert len(set(paths)) == 4


def test_functions_of_one_line_have_paths_of_their_own(books: list[Book]) -> None:
    """Two functions that are alike but for their code are told apart."""

    def one() -> Book:
        return Book.objects.get(title="Book 0")

    def other() -> Book:
        return Book.objects.get(title="Book 0")

    with quell.watch() as watch:
        for work in (one, one, one, other, other, other):
            work()

    paths = _paths(watch)
    assert len(set(paths[:3])) == len(set(paths[3:])) == 1
    assert paths[0] != paths[3]


def test_generator_resumed_elsewhere_has_another_path(books: list[Book]) -> None:
    """A generator may be resumed by another line, so what lies outside of it is looked at each time."""

    def rows() -> Iterator[Book]:
        while True:
            yield _get()

    with quell.watch() as watch:
        found = rows()
        for _ in range(3):
            next(found)
        next(found)

    paths = _paths(watch)
    assert len(set(paths[:3])) == 1
    assert paths[3] != paths[0]


def test_nested_watches_agree(books: list[Book]) -> None:
    """An inner watch changes nothing in what the outer one sees as a loop."""
    inner = quell.watch()
    with quell.watch() as outer:
        for number in range(6):
            if number == 3:
                with inner:
                    _get()
            else:
                _get()

    assert len(_paths(inner)) == 1
    assert len(_paths(outer)) == 6
    assert len(set(_paths(outer))) == 2


@pytest.mark.django_db(transaction=True)
def test_threads_of_two_lines_have_paths_of_their_own(books: list[Book]) -> None:
    """The same job in a pool's thread is another path when another line waits for it."""
    with ThreadPoolExecutor(1) as pool, quell.watch() as watch:
        for _ in range(3):
            pool.submit(_get).result()
        pool.submit(_get).result()

    paths = _paths(watch)
    assert len(set(paths[:3])) == 1
    assert paths[3] != paths[0]


def test_mark_keeps_no_variable_alive(books: list[Book]) -> None:
    """What a function that ran a statement held is gone with the function, inside the watch."""

    class Held:
        pass

    def work() -> "weakref.ref[Held]":
        held = Held()
        _get()
        return weakref.ref(held)

    with quell.watch():
        reference = work()
        gc.collect()

        assert reference() is None


def test_tracer_of_a_debugger_stays(books: list[Book]) -> None:
    """A frame that a debugger traces keeps its tracer, and loops are seen all the same."""

    def tracer(frame: FrameType, event: str, argument: object) -> None:
        """Trace nothing."""

    frame = sys._getframe()
    frame.f_trace = tracer
    try:
        with quell.watch() as watch:
            for _ in range(4):
                _get()
        assert frame.f_trace is tracer
    finally:
        del frame.f_trace

    assert len(set(_paths(watch))) == 1


def test_tracer_started_below_a_mark_does_no_harm(books: list[Book]) -> None:
    """A mark that Python takes for the frame's trace function does nothing."""
    before = sys.gettrace()
    with quell.watch() as watch:
        for _ in range(3):
            _get()
        assert isinstance(sys._getframe().f_trace, Outer) or before is not None
        sys.settrace(lambda frame, event, argument: None)
        try:
            for _ in range(3):
                _get()
        finally:
            sys.settrace(before)

    assert len(watch.queries) == 6


def _include(depth: int) -> str:
    """Render a template that includes itself once per level, and asks the database on the last one."""
    template = Engine(
        loaders=[
            (
                "django.template.loaders.locmem.Loader",
                {
                    "tree.html": "{% for inner in rest %}{% with rest=inner %}{% include 'tree.html' %}{% endwith %}"
                    "{% empty %}{{ ask }}{% endfor %}"
                },
            )
        ]
    ).get_template("tree.html")
    rest: list[object] = []
    for _ in range(depth):
        rest = [rest]
    return template.render(Context({"rest": rest, "ask": Book.objects.count}))


def _deepest(render: Callable[[int], object]) -> int:
    depth = 1
    while True:
        try:
            render(depth + 1)
        except RecursionError:
            return depth
        depth += 1


def test_template_may_include_itself_as_often_as_without_a_watch(books: list[Book]) -> None:
    """The walk out to the first mark takes a few frames, however many loops lie on the way."""

    def watched(depth: int) -> None:
        with quell.watch():
            _include(depth)

    before = sys.getrecursionlimit()
    sys.setrecursionlimit(800)
    try:
        bare, with_watch = _deepest(_include), _deepest(watched)
    finally:
        sys.setrecursionlimit(before)

    assert bare > 20
    assert with_watch >= bare - 2
