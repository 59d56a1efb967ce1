"""``quell.watch()`` as a decorator."""

import asyncio
import functools
import inspect
import logging
from collections.abc import AsyncIterator, Iterator

import pytest
from asgiref.sync import iscoroutinefunction, sync_to_async

import quell
from quell.exceptions import UsageError
from tests.library.models import Country
from tests.watching.probes import read_countries

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("authors")]


def _labels(caplog: pytest.LogCaptureFixture) -> list[tuple[str, ...]]:
    records = [record for record in caplog.records if hasattr(record, "quell_finding")]
    return [tuple(record.quell_finding["labels"]) for record in records]


@quell.watch()
def _countries() -> list[str]:
    """Read countries."""
    return read_countries()


class _Shelf:
    @quell.watch()
    def method(self) -> list[str]:
        return read_countries()

    @quell.watch()
    @staticmethod
    def static() -> list[str]:
        return read_countries()

    @staticmethod
    @quell.watch()
    def outer_static() -> list[str]:
        return read_countries()

    @quell.watch()
    @classmethod
    def of_class(cls) -> list[str]:
        assert cls is _Shelf
        return read_countries()

    @quell.watch()
    @staticmethod
    async def static_async() -> list[str]:
        return await sync_to_async(read_countries)()


def test_decorated_function_logs_a_warning_per_finding(caplog: pytest.LogCaptureFixture) -> None:
    """A decorated function reports by the logger ``quell``, labelled with its name."""
    assert len(_countries()) == 3

    (record,) = caplog.records
    assert (record.name, record.levelno) == ("quell", logging.WARNING)
    assert _labels(caplog) == [("_countries",)]


def test_decorated_function_keeps_name_and_docstring() -> None:
    """The function looks as it did."""
    assert (_countries.__name__, _countries.__doc__) == ("_countries", "Read countries.")


@pytest.mark.parametrize("name", ["method", "static", "outer_static", "of_class"])
def test_decorated_method_is_watched(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """Methods, static methods and class methods work, whichever decorator is first."""
    assert len(getattr(_Shelf(), name)()) == 3

    assert _labels(caplog) == [(f"_Shelf.{name}",)]


@pytest.mark.django_db(transaction=True)
def test_decorated_coroutine_function_is_watched(caplog: pytest.LogCaptureFixture) -> None:
    """A coroutine function stays one, and reports when it has been awaited."""
    assert iscoroutinefunction(_Shelf.static_async)
    assert inspect.iscoroutinefunction(_Shelf.static_async)

    assert len(asyncio.run(_Shelf.static_async())) == 3

    assert _labels(caplog) == [("_Shelf.static_async",)]


def test_decorated_partial_is_named_by_its_function(caplog: pytest.LogCaptureFixture) -> None:
    """A partial has no name of its own."""
    assert len(quell.watch()(functools.partial(read_countries))()) == 3

    assert _labels(caplog) == [("read_countries",)]


def test_decorated_callable_object_is_named_by_its_class(caplog: pytest.LogCaptureFixture) -> None:
    """An object with ``__call__`` has no name of its own."""

    class Reader:
        def __call__(self) -> list[str]:
            return read_countries()

    assert len(quell.watch()(Reader())()) == 3

    assert _labels(caplog)[0][0].endswith("Reader")


def test_label_of_the_decorator_wins(caplog: pytest.LogCaptureFixture) -> None:
    """A label that was given is the label."""
    quell.watch(label="nightly")(read_countries)()

    assert _labels(caplog) == [("nightly",)]


def test_decorated_function_inside_another_reports_once(caplog: pytest.LogCaptureFixture) -> None:
    """The outermost watch reports, so that nothing is told twice."""

    @quell.watch()
    def outer() -> None:
        _countries()

    outer()

    assert len(caplog.records) == 1
    assert _labels(caplog)[0][0].endswith("outer")


def test_failing_function_still_reports(caplog: pytest.LogCaptureFixture) -> None:
    """What ran before an exception is reported, and the exception reaches the caller."""

    @quell.watch()
    def fail() -> None:
        read_countries()
        raise LookupError

    with pytest.raises(LookupError):
        fail()

    assert len(caplog.records) == 1


def test_function_without_findings_is_silent(caplog: pytest.LogCaptureFixture) -> None:
    """Correct code logs nothing."""
    quell.watch()(Country.objects.count)()

    assert caplog.records == []


def _generator() -> Iterator[int]:
    yield 1


async def _async_generator() -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize("function", [_generator, _async_generator, staticmethod(_generator)])
def test_generator_is_refused_with_the_reason(function: object) -> None:
    """A generator runs in pieces: the message says so, and what to write instead."""
    with pytest.raises(UsageError, match=r"runs between .* Write `with quell\.watch\(\):`"):
        quell.watch()(function)  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize("thing", [Country, 5])
def test_class_is_refused(thing: object) -> None:
    """Decorating what is no function is a UsageError."""
    with pytest.raises(UsageError, match="decorates functions"):
        quell.watch()(thing)  # type: ignore[arg-type]  # that is the point
