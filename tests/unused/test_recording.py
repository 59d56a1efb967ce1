"""What a profile puts in the place of Django's own parts changes nothing, and is gone with it."""

import copy
import pickle
import pickletools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db.models import Model, Prefetch
from django.db.models.query import ModelIterable
from django.db.models.query_utils import DeferredAttribute

import quell
from tests.press.models import Article, Comment, Essay, Tracked, Writer
from tests.unused.conftest import fill

pytestmark = [pytest.mark.usefixtures("essays"), pytest.mark.django_db(databases=["default", "other"])]

MODELS: list[type[Model]] = [Article, Comment, Essay, Tracked, Writer]


@pytest.fixture
def profile() -> Iterator[quell.watch]:
    """Return a profile that is running."""
    with quell.watch(profile=True) as watch:
        yield watch


def _codes(watch: quell.watch) -> list[tuple[str, str]]:
    return sorted((finding.code, finding.path) for finding in watch.findings)


def _rows() -> list[Article]:
    loaded = Prefetch("comments", to_attr="loaded")
    return list(Article.objects.select_related("writer").prefetch_related("comments", loaded).order_by("pk"))


def _attributes() -> dict[str, object]:
    return {
        f"{model.__name__}.{name}": value
        for model in MODELS
        for name, value in vars(model).items()
        if not name.startswith("__")
    }


def test_profile_leaves_no_patch_behind() -> None:
    """Afterwards every class is what it was."""
    before = _attributes(), vars(ModelIterable)["__iter__"], vars(Model)["__reduce__"]

    with quell.watch(profile=True):
        [article.body for article in _rows()]
        assert type(vars(Article)["body"]) is not DeferredAttribute
        assert "loaded" in vars(Article)

    assert (_attributes(), vars(ModelIterable)["__iter__"], vars(Model)["__reduce__"]) == before


def test_watch_without_a_profile_patches_no_model() -> None:
    """Only a profile puts anything into a class."""
    before = _attributes(), vars(ModelIterable)["__iter__"], vars(Model)["__reduce__"]

    with quell.watch():
        _rows()
        assert (_attributes(), vars(ModelIterable)["__iter__"], vars(Model)["__reduce__"]) == before


def test_profile_leaves_no_patch_behind_after_an_error() -> None:
    """An error in the block takes the patches off, too, and nobody judges half of a run."""
    before = _attributes()
    watch = quell.watch(profile=True)

    def fail() -> None:
        _rows()
        raise RuntimeError

    with pytest.raises(RuntimeError), watch:
        fail()

    assert _attributes() == before
    assert not watch.findings


def test_profiled_rows_pickle_without_quell(profile: quell.watch) -> None:
    """A pickle of rows, with all that was loaded for them, names nothing of quell."""
    rows = _rows()

    data = pickle.dumps(rows)
    names = [str(argument) for _, argument, _ in pickletools.genops(data) if isinstance(argument, str)]
    assert not [name for name in names if "quell" in name]
    again = pickle.loads(data)
    assert again == rows
    assert [row.writer for row in again] == [row.writer for row in rows]
    assert [list(row.comments.all()) for row in again] == [list(row.comments.all()) for row in rows]


def test_profiled_rows_pickle_without_quell_afterwards() -> None:
    """So does one that is made when the profile has ended."""
    with quell.watch(profile=True):
        rows = _rows()

    assert b"quell" not in pickle.dumps(rows)
    assert b"quell" not in pickle.dumps(rows[0]._state.fields_cache)


def test_profiled_rows_work_on_afterwards() -> None:
    """Rows outlive their profile, with everything that they hold."""
    with quell.watch(profile=True):
        rows = _rows()

    with quell.watch() as watch:
        found = [(row.writer.name, len(row.comments.all()), len(row.loaded)) for row in rows if row.writer]  # type: ignore[attr-defined]  # filled by a prefetch
        rows[0].refresh_from_db()
        rows[0].body = "new"
        rows[0].save()

    assert len(found) == 4
    assert [event.operation for event in watch.queries] == ["select", "update"]
    assert Article.objects.get(pk=rows[0].pk).body == "new"


def test_profiled_rows_are_copied_like_any(profile: quell.watch) -> None:
    """A copy holds what the row holds."""
    row = _rows()[0]

    for twin in (copy.copy(row), copy.deepcopy(row)):
        assert twin == row
        assert twin.body == row.body
        assert twin.writer == row.writer
        assert type(twin._state.fields_cache) is dict


def test_profiled_rows_know_their_deferred_fields(profile: quell.watch) -> None:
    """Values stay where Django looks for them."""
    row = Article.objects.defer("body").order_by("pk")[0]

    assert row.get_deferred_fields() == {"body"}
    assert "title" in row.__dict__
    assert row.body
    assert row.get_deferred_fields() == set()
    del row.body
    assert row.get_deferred_fields() == {"body"}
    with pytest.raises(AttributeError):
        del row.body


def test_profiled_rows_are_saved_like_any(profile: quell.watch) -> None:
    """Saving, reloading, validating and creating rows go on as ever."""
    row = Article.objects.select_related("writer").order_by("pk")[0]
    row.title, row.body = "Other", "text"
    row.full_clean(exclude=["scan", "facts"])
    row.save()
    row.refresh_from_db()
    made = Article.objects.create(title="New", facts={"a": 1})
    Article.objects.bulk_update([row, made], ["title"])
    essay = Essay.objects.order_by("pk")[0]
    essay.body = "both tables"
    essay.save()

    assert Article.objects.get(pk=row.pk).body == "text"
    assert Article.objects.get(pk=made.pk).facts == {"a": 1}
    assert Article.objects.get(pk=essay.pk).body == "both tables"


def test_attribute_of_a_prefetch_is_missing_where_it_was(profile: quell.watch) -> None:
    """Rows without the list have no such attribute, nor has their class."""
    _rows()
    other = Article.objects.order_by("pk")[0]

    assert not hasattr(other, "loaded")
    assert not hasattr(Article, "loaded")
    other.loaded = []  # type: ignore[attr-defined]  # anybody may set it
    assert other.loaded == []  # type: ignore[attr-defined]  # as above


def test_findings_come_when_the_block_has_ended() -> None:
    """Inside, what was not used yet may still be."""
    with quell.watch(profile=True) as watch:
        rows = list(Article.objects.only("title", "writer").select_related("writer"))
        inside = watch.findings
        titles = [row.title for row in rows]

    assert len(titles) == 6
    assert not inside
    assert _codes(watch) == [("Q106", "writer")]


def test_profile_inside_of_a_watch_is_its_own() -> None:
    """The outer watch did not ask for it."""
    with quell.watch() as outer, quell.watch(profile=True) as inner:
        [row.title for row in Article.objects.only("title", "writer").select_related("writer")]

    assert not outer.findings
    assert _codes(inner) == [("Q106", "writer")]


def test_profile_sees_what_an_inner_watch_saw() -> None:
    """The inner watch did not ask for it."""
    with quell.watch(profile=True) as outer, quell.watch() as inner:
        [row.title for row in Article.objects.only("title", "writer").select_related("writer")]

    assert not inner.findings
    assert _codes(outer) == [("Q106", "writer")]


def test_rows_loaded_before_a_profile_are_not_judged() -> None:
    """Nobody saw what was done with them before."""
    with quell.watch():
        rows = list(Article.objects.select_related("writer"))
        with quell.watch(profile=True) as watch:
            [row.title for row in rows]

    assert not watch.findings


def test_profile_tells_what_was_dropped_from_what_is_unused(settings: object) -> None:
    """When statements were dropped, a use may be among them."""
    with quell.conf.override(max_events=1), quell.watch(profile=True) as watch:
        [row.title for row in Article.objects.only("title", "writer").select_related("writer")]
        Article.objects.count()

    assert not watch.findings


def test_profile_leaves_other_threads_alone() -> None:
    """A thread from before the profile loads rows as ever."""
    caches: list[type] = []
    start, done = threading.Event(), threading.Event()

    def work() -> None:
        start.wait(5)
        row = Article(pk=1, title="made here", writer=Writer(pk=1))
        caches.append(type(row._state.fields_cache))
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    with quell.watch(profile=True):
        start.set()
        done.wait(5)
    thread.join()

    assert caches == [dict]


def test_use_in_a_pool_is_a_use() -> None:
    """A worker reads what the profile loaded, without a statement of its own."""
    with quell.watch(profile=True) as watch, ThreadPoolExecutor(1) as pool:
        rows = list(Article.objects.only("title", "writer").select_related("writer"))
        names = list(pool.map(lambda row: row.writer and row.writer.bio, rows))

    assert len(names) == 6
    assert not watch.findings


def test_use_in_a_task_is_a_use() -> None:
    """So does a thread that async code waits for."""

    async def names() -> list[str]:
        rows = [row async for row in Article.objects.only("title", "writer").select_related("writer")]
        return [await sync_to_async(lambda row: row.writer and row.writer.bio)(row) for row in rows]

    with quell.watch(profile=True) as watch:
        async_to_sync(names)()

    assert not watch.findings


def test_profile_follows_every_alias() -> None:
    """One line that reads two databases is one cause."""
    fill("other")
    with quell.watch(profile=True) as watch:
        for alias in ("default", "other"):
            rows = Article.objects.using(alias).only("title", "writer").select_related("writer")
            [row.title for row in rows.filter(words__lt=3)]

    assert _codes(watch) == [("Q106", "writer")]
    assert watch.findings[0].count == 2


def test_profiled_function_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """A decorated function is profiled on each call."""

    @quell.watch(profile=True)
    def titles() -> list[str]:
        return [row.title for row in Article.objects.only("title", "writer").select_related("writer")]

    titles()

    assert "Q106" in caplog.text
