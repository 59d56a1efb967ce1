"""What loops of libraries cost: their statements are walked in full a few times, however many rows there are."""

import sys
from asyncio import BaseEventLoop
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from django.middleware.security import SecurityMiddleware
from django.template import Context, Engine
from django.template.defaulttags import ForNode
from django.utils.deprecation import MiddlewareMixin
from rest_framework import serializers

import quell
from quell.lineage.callpath import Outer
from quell.lineage.shortcuts import _MAX_TRIES, forget
from tests.cost.counting import Calls, calls_of, counted
from tests.library.models import Author, Book

_PAGE = (
    Engine()
    .from_string(
        "{% for book in books %}{% if book.pk %}"
        "{{ book.publisher.name }} {{ book.reviews.count }}{% endif %}{% endfor %}"
    )
    .render
)


class _BookSerializer(serializers.ModelSerializer[Book]):
    publisher_name = serializers.CharField(source="publisher.name")
    review_count = serializers.SerializerMethodField()

    class Meta:
        model = Book
        fields = ("publisher_name", "review_count")

    def get_review_count(self, book: Book) -> int:
        return book.reviews.count()


@pytest.fixture(autouse=True)
def forgotten() -> None:
    """Let the process know nothing of what other tests ran: how soon it learns depends on that."""
    forget()


def _books(count: int) -> list[Book]:
    return list(Book.objects.order_by("pk")[:count])


def _in_template(count: int) -> None:
    _PAGE(Context({"books": _books(count)}))


def _in_serializer(count: int) -> None:
    assert len(_BookSerializer(_books(count), many=True).data) == count


def _watched(work: Callable[[int], None], count: int) -> Calls:
    with quell.watch():
        return calls_of(lambda: work(count))


@pytest.mark.parametrize("work", [_in_template, _in_serializer])
@pytest.mark.usefixtures("books")
def test_loop_of_a_library_is_walked_a_few_times(work: Callable[[int], None]) -> None:
    """Two statements per row: all but the first rows are known by what leads to the ORM."""
    _watched(work, 2)
    some, many = _watched(work, 10), _watched(work, 30)

    assert many["Scope._record"] - some["Scope._record"] == 2 * 20
    assert many["Scope._walk"] == some["Scope._walk"] <= 10
    assert many["explain"] == some["explain"]
    assert many["collect"] == some["collect"]


@pytest.mark.usefixtures("books")
def test_second_request_walks_no_frame_of_the_orm() -> None:
    """A statement that the process has seen twice from one place is known there, in each watch and each frame."""

    def page() -> None:
        with quell.watch():
            for book in _books(3):
                str(book.author.name)

    *_, calls = (calls_of(page) for _ in range(4))

    assert calls["Scope._record"] == 4
    assert calls["Scope._walk"] == calls["collect"] == 0


def _ask_everywhere() -> None:
    Author.objects.count()
    Author.objects.count()
    Author.objects.count()
    Author.objects.count()
    Author.objects.count()
    Author.objects.count()


@pytest.mark.usefixtures("books")
def test_text_of_many_places_is_learnt_in_each_of_them() -> None:
    """One text that six lines ask for in turn keeps no loop from being learnt soon."""
    for _ in range(50):
        with quell.watch():
            _ask_everywhere()
    with quell.watch():
        calls = calls_of(lambda: [Author.objects.count() for _ in range(200)])

    assert calls["Scope._record"] == 200
    assert calls["Scope._walk"] <= _MAX_TRIES + 1


@pytest.mark.usefixtures("books")
def test_walk_ends_at_the_loop_of_a_template() -> None:
    """The frame of the loop is marked, below which each row has new ones."""
    marks: list[object] = []

    def look() -> str:
        frame: FrameType | None = sys._getframe()
        while frame is not None and frame.f_code is not ForNode.render.__code__:
            frame = frame.f_back
        assert frame is not None
        marks.append(frame.f_trace)
        return ""

    page = Engine().from_string(
        "{% for book in books %}{% if book.pk %}{{ book.author.name }}{% endif %}{{ look }}{% endfor %}"
    )
    with quell.watch():
        page.render(Context({"books": _books(3), "look": look}))

    assert isinstance(marks[0], Outer)
    assert len(set(map(id, marks))) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_hop_to_a_thread_collects_its_path_once() -> None:
    """The pool that the job goes through does not collect it again."""
    async with quell.watch():
        await sync_to_async(Author.objects.count)()
        with counted() as calls:
            await sync_to_async(int)()

    assert calls["_awaiting"] == calls["collect"] == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_walk_of_a_hop_ends_at_the_event_loop() -> None:
    """What runs the loop is walked once, and not for each hop of each request."""
    async with quell.watch():
        await sync_to_async(int)()
        frame: FrameType | None = sys._getframe()
        while frame is not None and frame.f_code is not BaseEventLoop.run_forever.__code__:
            frame = frame.f_back
        assert frame is not None
        assert isinstance(frame.f_trace, Outer)


class _Own(MiddlewareMixin):
    def process_request(self, request: HttpRequest) -> None:
        """Do nothing."""


@pytest.mark.parametrize(("kind", "asked"), [(SecurityMiddleware, 0), (_Own, 1)])
@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_hop_of_a_middleware_of_django_is_left_alone(kind: Any, asked: int) -> None:
    """Each request has a dozen of them, and no code of the user's asks for what they do; one of the user's own is."""
    async with quell.watch():
        job = kind(lambda request: HttpResponse()).process_request
        with counted() as calls:
            await sync_to_async(job)(HttpRequest())

    assert calls["_awaiting"] == asked
