"""The hooks: on while a watch is open, off without a trace behind the last one."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partialmethod
from typing import Any

import pytest
from asgiref.sync import SyncToAsync
from django.db import connection
from django.db.models import query as query_module
from django.db.models import sql
from django.db.models.query import QuerySet

import quell
from quell.lineage import _patches
from quell.lineage._patching import MAX_ROUNDS
from quell.lineage.hooks import active
from tests.library.models import Country
from tests.watching.probes import assert_untouched, changed_names, read_countries

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_hooks", "authors")]


def test_hooks_come_off_with_the_last_watch() -> None:
    """Django, asgiref and Python have their own functions again only when no watch is left."""
    with quell.watch():
        with quell.watch():
            everything = changed_names()
        assert changed_names() == everything
    assert everything
    assert_untouched()


def test_querysets_have_django_s_own_property_again() -> None:
    """``QuerySet.db`` and ``query.sql`` are the very objects that they were."""
    before = QuerySet.__dict__["db"]
    with quell.watch():
        assert QuerySet.__dict__["db"] is not before

    assert QuerySet.__dict__["db"] is before
    assert vars(query_module)["sql"] is sql


def test_hooks_are_installed_once() -> None:
    """A second watch finds the hooks in place and wraps nothing again."""
    with quell.watch():
        first = QuerySet.__dict__["db"]
        with quell.watch():
            assert QuerySet.__dict__["db"] is first


def _pass_on(execute: Any, *arguments: Any) -> Any:
    return execute(*arguments)


def test_wrapper_added_inside_stays_behind_the_watch() -> None:
    """A wrapper of the application that was added in the block is still there after it, alone."""
    watch = quell.watch()
    with watch:
        connection.execute_wrappers.append(_pass_on)
    try:
        assert connection.execute_wrappers == [_pass_on]
    finally:
        connection.execute_wrappers.remove(_pass_on)


def test_wrapper_that_ends_inside_is_the_one_taken_off() -> None:
    """Django takes a wrapper off by position: quell's must never be the one that goes instead."""
    watch = quell.watch()
    with connection.execute_wrapper(_pass_on):
        watch.__enter__()
    Country.objects.count()
    assert _pass_on not in connection.execute_wrappers
    watch.__exit__(None, None, None)

    assert len(watch.queries) == 1
    assert_untouched()


def test_watches_can_be_closed_in_the_order_they_were_opened() -> None:
    """Two watches that overlap each see what ran while they were open, and leave nothing behind."""
    first, second = quell.watch(), quell.watch()
    first.__enter__()
    Country.objects.count()
    second.__enter__()
    Country.objects.count()
    first.__exit__(None, None, None)
    Country.objects.count()
    second.__exit__(None, None, None)

    assert (len(first.queries), len(second.queries)) == (2, 2)
    assert_untouched()


def test_watch_can_be_closed_in_another_context() -> None:
    """A fixture or an async generator may be opened in one context and closed in another."""
    watch = quell.watch()
    copy_context().run(watch.__enter__)
    Country.objects.count()
    watch.__exit__(None, None, None)

    assert watch.queries == ()
    assert_untouched()


def test_generator_that_is_dropped_closes_its_watch() -> None:
    """A watch inside a generator ends with the generator."""

    def pages() -> Iterator[int]:
        with quell.watch():
            yield Country.objects.count()

    generator = pages()
    next(generator)
    del generator

    assert_untouched()


def test_patch_on_top_survives() -> None:
    """A patch on top of quell stays and works; when it has gone, quell goes with the next watch."""
    calls = []
    with quell.watch():
        ours = ThreadPoolExecutor.submit

        def theirs(*args: Any, **kwargs: Any) -> Any:
            calls.append(1)
            return ours(*args, **kwargs)

        ThreadPoolExecutor.submit = theirs  # type: ignore[method-assign]  # as tracing libraries do
    assert ThreadPoolExecutor.submit is theirs
    with ThreadPoolExecutor(1) as pool, quell.watch():
        assert pool.submit(len, "abc").result() == 3
    ThreadPoolExecutor.submit = ours  # type: ignore[method-assign]  # and as they take it back
    with quell.watch():
        pass

    assert calls == [1]
    assert_untouched()


def test_patch_that_put_the_original_back_is_no_loss() -> None:
    """Where somebody restored Django's function over quell's, the next watch works."""
    original = SyncToAsync.__call__
    with quell.watch():
        ours = SyncToAsync.__dict__["__call__"]
        type.__setattr__(SyncToAsync, "__call__", partialmethod(ours))  # somebody's patch
    type.__setattr__(SyncToAsync, "__call__", original)  # undone by somebody who saved it before

    with quell.watch():
        assert SyncToAsync.__call__ is not original
    assert_untouched()


def test_patched_fetch_all_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A patch of ``QuerySet._fetch_all`` in the block runs, and stays."""
    calls = []
    original = QuerySet.__dict__["_fetch_all"]

    def fetch_all(queryset: Any) -> None:
        calls.append(1)
        original(queryset)

    with quell.watch() as watch:
        monkeypatch.setattr(QuerySet, "_fetch_all", fetch_all)
        read_countries()

    assert calls
    assert [finding.path for finding in watch.findings] == ["country"]
    assert_untouched()


def test_many_rounds_leave_idle_hooks() -> None:
    """After 200 rounds the hooks stay, so that classes do not change for ever; watches work as before."""
    for _ in range(MAX_ROUNDS + 5):
        with quell.watch():
            pass

    assert changed_names()
    assert active.get(None) is None
    assert connection.execute_wrappers == []
    with quell.watch() as watch:
        read_countries()
    assert len(watch.findings) == 1


def test_failed_installation_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a patch does not fit this Django, those before it are undone."""

    def refuse(original: object) -> object:
        raise AttributeError("another Django")

    with monkeypatch.context() as broken:
        broken.setattr(_patches.PATCHES[-1], "wrap", refuse)
        with pytest.raises(AttributeError, match="another Django"):
            quell.watch().__enter__()

    assert_untouched()
