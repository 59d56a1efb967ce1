"""The contract of ``quell.watch()`` as a block."""

import asyncio

import pytest

import quell
from quell.events import QueryEvent
from quell.exceptions import UsageError
from tests.library.models import Author, Country
from tests.watching.probes import assert_untouched, read_countries

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("authors")]


@pytest.mark.databases
def test_watch_finds_what_the_block_did() -> None:
    """Three loads of one relation, each on its own, are one finding."""
    with quell.watch() as watch:
        read_countries()

    (finding,) = watch.findings
    assert (finding.code, finding.model, finding.path, finding.count) == (
        "Q101",
        "library.Author",
        "country",
        3,
    )


def test_queries_are_a_tuple_of_events() -> None:
    """``watch.queries`` is a tuple: length, index, slices, iteration and equality are its own."""
    with quell.watch() as watch:
        Country.objects.count()
        Author.objects.count()

    assert type(watch.queries) is tuple
    assert all(type(query) is QueryEvent for query in watch.queries)
    assert watch.queries == (watch.queries[0], watch.queries[1])
    assert watch.queries[1:] == (watch.queries[-1],)


def test_queries_grow_live_in_order_of_execution() -> None:
    """Inside the block, each statement is there as soon as it has run."""
    seen = []
    with quell.watch() as watch:
        seen.append(len(watch.queries))
        Country.objects.count()
        seen.append(len(watch.queries))
        Author.objects.count()
        seen.append(len(watch.queries))

    assert seen == [0, 1, 2]
    assert "library_country" in watch.queries[0].sql
    assert "library_author" in watch.queries[1].sql


def test_queries_are_frozen_once() -> None:
    """A second look gives the same tuple, and a longer one keeps its events."""
    with quell.watch() as watch:
        Country.objects.count()
        first = watch.queries
        assert watch.queries is first
        Author.objects.count()

    assert watch.queries[0] is first[0]
    assert len(first) == 1


def test_findings_inside_the_block_are_those_so_far() -> None:
    """Findings can be asked for at any time, and again after more has happened."""
    with quell.watch() as watch:
        before = watch.findings
        read_countries()
        during = watch.findings
        [author.books.count() for author in Author.objects.all()]

    assert before == ()
    assert [finding.path for finding in during] == ["country"]
    assert sorted(finding.path for finding in watch.findings) == ["books", "country"]


def test_findings_are_analysed_once_per_state() -> None:
    """Findings are kept until another statement runs."""
    with quell.watch() as watch:
        read_countries()

    assert watch.findings is watch.findings


def test_findings_have_most_saved_queries_first() -> None:
    """What is most worth fixing comes first."""
    with quell.watch() as watch:
        [author.books.count() for author in Author.objects.all()[:2]]
        read_countries()

    saved = [finding.saved_queries for finding in watch.findings]
    assert saved == sorted(saved, reverse=True)
    assert len(saved) == 2


def test_findings_of_a_watch_that_never_ran_are_empty() -> None:
    """Before the block there is nothing, and nothing fails."""
    watch = quell.watch()

    assert (watch.queries, watch.findings, watch.dropped_count) == ((), (), 0)
    assert watch.report().startswith("0 queries")


def test_label_names_where_a_finding_was_seen() -> None:
    """The label of a watch is the label of its findings."""
    with quell.watch(label="test page") as watch:
        read_countries()

    assert [finding.labels for finding in watch.findings] == [("test page",)]


def test_report_names_the_line_to_write() -> None:
    """The report is text with the suggestion in it."""
    with quell.watch() as watch:
        read_countries()

    assert watch.findings[0].suggestion in watch.report()
    assert watch.report().startswith("4 queries")


def test_outer_watch_sees_what_the_inner_one_saw() -> None:
    """Watches nest: the outer one sees all, the inner one its block."""
    with quell.watch() as outer:
        Country.objects.count()
        with quell.watch() as inner:
            read_countries()
        Author.objects.count()

    assert [query.sql for query in inner.queries] == [query.sql for query in outer.queries[1:-1]]
    assert [finding.path for finding in outer.findings] == [finding.path for finding in inner.findings]


def test_open_watch_cannot_be_opened_again() -> None:
    """Opening a watch inside its own block is a UsageError, and the block goes on."""
    watch = quell.watch()
    with watch:
        with pytest.raises(UsageError, match="already open"):
            watch.__enter__()
        Country.objects.count()

    assert len(watch.queries) == 1


def test_closed_watch_starts_anew() -> None:
    """A watch that is used again forgets its first block."""
    watch = quell.watch()
    with watch:
        read_countries()
    with watch:
        Country.objects.count()

    assert len(watch.queries) == 1
    assert watch.findings == ()


@pytest.mark.usefixtures("fresh_hooks")
def test_error_in_the_block_reaches_the_caller() -> None:
    """An exception passes unchanged, what ran before it is kept, and the hooks come off."""
    error = RuntimeError("from the block")
    watch = quell.watch()

    def run() -> None:
        with watch:
            read_countries()
            raise error

    with pytest.raises(RuntimeError) as caught:
        run()

    assert caught.value is error
    assert len(watch.findings) == 1
    assert_untouched()


@pytest.mark.usefixtures("fresh_hooks")
def test_base_exception_in_the_block_takes_the_hooks_off() -> None:
    """An interrupt ends a watch as an error does."""
    with pytest.raises(KeyboardInterrupt), quell.watch():
        raise KeyboardInterrupt

    assert_untouched()


def test_scope_of_a_watch_that_never_ran_is_a_usage_error() -> None:
    """A rerun needs a watch that has seen something."""
    with pytest.raises(UsageError, match="not been opened"):
        _ = quell.watch().scope


@pytest.mark.django_db(transaction=True)
def test_async_block_finds_the_same() -> None:
    """``async with`` watches the statements of a coroutine."""

    async def run() -> quell.watch:
        async with quell.watch() as watch:
            for author in [author async for author in Author.objects.order_by("pk")]:
                await Country.objects.aget(pk=author.country_id)
        return watch

    watch = asyncio.run(run())

    assert len(watch.queries) == 4
    assert [finding.code for finding in watch.findings] == ["Q102"]
