"""A profile leaves nothing behind."""

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import override_settings

from tests.profiled import views
from tests.profiled.models import Customer
from tests.profiled.rows import populate
from tests.profiling.conftest import Profile, Result, run_profile

two_databases = pytest.mark.django_db(databases=["default", "other"], transaction=True)
committed_rows = pytest.mark.django_db(transaction=True)


def _run(*paths: str, **settings: object) -> Result:
    """Profile pages over rows that are really committed."""
    populate()
    views.committed.clear()
    with override_settings(DEBUG=True, ROOT_URLCONF="tests.profiled.urls", **settings):
        return run_profile("--format", "json", *paths)


def _written() -> int:
    return Customer.objects.filter(
        name__in=["written", "written in a thread", "durable", "before closing"]
    ).count()


@pytest.mark.databases
@committed_rows
@pytest.mark.parametrize("path", ["/writes/", "/durable/", "/closes/", "/asynchronous_writes/"])
def test_written_rows_are_rolled_back(path: str) -> None:
    """The page is reported as one that writes, and its rows are gone."""
    page = _run(path).page(path)

    assert (page["problem"], page["note"]) == ("", "writes rows")
    assert _written() == 0


@committed_rows
@pytest.mark.parametrize("path", ["/writes/", "/durable/"])
def test_commit_callbacks_are_dropped(path: str) -> None:
    """What waits for a commit never runs."""
    _run(path)

    assert views.committed == []


@pytest.mark.databases
@committed_rows
def test_page_that_writes_is_not_run_again() -> None:
    """Its findings are kept without a proof, and their plan stays."""
    result = _run("/writes/")

    assert result.proofs == [("customer", "not proven", "the page writes rows, so it was not run again")]
    assert result.findings[0]["plan"] == 'FetchPlan("customer")'
    assert result.code == 1


@pytest.mark.databases
@committed_rows
@pytest.mark.parametrize("name", ["session", "cookie"])
def test_page_that_writes_on_its_first_visit_is_proven_by_later_ones(name: str) -> None:
    """Whoever comes again finds their row, until all of it is rolled back."""
    path = f"/writes_once_by_{name}/"
    result = _run(path)

    assert result.page(path)["note"] == "writes rows on its first visit"
    assert result.proofs == [("customer", "proven", "")]
    assert _written() == 0


@pytest.mark.databases
@committed_rows
def test_finding_of_a_first_visit_alone_is_not_tried() -> None:
    """It is kept with its plan, beside those that later visits prove."""
    result = _run("/writes_once/")
    plans = {finding["path"]: finding["plan"] for finding in result.findings}

    assert result.proofs == [
        ("customer", "proven", ""),
        ("shop", "not proven", "only the first visit shows it, which writes rows, so it was not run again"),
    ]
    assert plans["shop"] == 'FetchPlan("shop")'
    assert views.committed == []
    assert _written() == 0


@committed_rows
def test_next_page_finds_nothing_of_a_first_visit() -> None:
    """What a page was allowed to keep is undone before the next one, which is no first visit otherwise."""
    result = _run("/writes_once_by_session/", "/writes_once_by_cookie/", "/writes_once_by_session/")

    notes = [page["note"] for page in result.document["pages"]]
    assert notes == ["writes rows on its first visit"] * len(notes)
    assert _written() == 0


@pytest.mark.databases
@committed_rows
def test_error_of_the_database_on_a_first_visit_changes_nothing() -> None:
    """The block that failed is undone by itself, and the row is there on the next visit."""
    result = _run("/writes_and_fails/")

    assert result.page("/writes_and_fails/")["note"] == "writes rows on its first visit"
    assert result.proofs == [("customer", "proven", "")]
    assert _written() == 0


@pytest.mark.databases
@committed_rows
def test_statement_that_meets_no_row_writes_none() -> None:
    """The page is judged like any other."""
    result = _run("/writes_nothing/")

    assert result.page("/writes_nothing/")["note"] == ""
    assert result.proofs == [("customer", "proven", "")]


@pytest.mark.databases
@two_databases
def test_second_database_is_rolled_back_too() -> None:
    """A row that goes to another alias is undone."""
    page = _run("/writes_elsewhere/").page("/writes_elsewhere/")

    assert page["note"] == "writes rows"
    assert Customer.objects.using("other").count() == 0


@committed_rows
def test_page_in_one_transaction_is_rolled_back() -> None:
    """ATOMIC_REQUESTS changes nothing."""
    connection.settings_dict["ATOMIC_REQUESTS"] = True
    try:
        result = _run("/writes/", "/tickets/")
    finally:
        connection.settings_dict["ATOMIC_REQUESTS"] = False

    assert result.page("/writes/")["note"] == "writes rows"
    assert result.page("/tickets/")["queries"]["after"] == 1
    assert _written() == 0


def test_page_sees_its_own_cache_and_mailbox(profile: Profile) -> None:
    """The project's cache keeps its value, and no mail reaches its outbox."""
    cache.set("profiled", "untouched")
    outbox = mail.outbox
    profile("/services/")

    assert cache.get("profiled") == "untouched"
    assert mail.outbox is outbox
    assert mail.outbox == []


def test_prints_of_a_view_stay_out_of_the_report(profile: Profile) -> None:
    """JSON stays JSON although a view prints."""
    assert profile("/services/").page("/services/")["problem"] == ""


def test_sessions_begin_anew_with_each_visit(profile: Profile) -> None:
    """A page that counts visits looks the same each time."""
    assert profile("/services/").proofs == [("customer", "proven", "")]


@committed_rows
def test_login_leaves_no_trace() -> None:
    """Neither the time of the login nor a session is kept."""
    from django.contrib.sessions.models import Session

    user = User.objects.create_user("ada")
    with override_settings(DEBUG=True, ROOT_URLCONF="tests.profiled.urls"):
        run_profile("--user", "ada", "/private/", "/services/")
    user.refresh_from_db()

    assert user.last_login is None
    assert Session.objects.count() == 0


@committed_rows
def test_thread_of_a_view_is_not_undone_and_does_not_hang() -> None:
    """A thread has a connection of its own, so what it writes stays."""
    result = _run("/thread/")

    assert result.page("/thread/")["problem"] == ""
    assert Customer.objects.filter(name="by a thread").exists()


def test_endless_stream_is_cut_off(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream without end is a problem of its page alone."""
    monkeypatch.setattr("quell.management.profiling.visiting.STREAM_SECONDS", 0.1)
    result = profile("/endless/", "/good/")

    assert result.page("/endless/")["problem"].startswith("streams for more than")
    assert result.page("/good/")["problem"] == ""


def test_file_is_read_and_closed(profile: Profile) -> None:
    """No warning of an open file is left."""
    assert profile("/file/").page("/file/")["problem"] == ""


def test_alias_that_a_test_may_not_use_is_left_alone(profile: Profile) -> None:
    """Inside a test of one database the command says nothing of the other."""
    result = profile("/good/")

    assert result.err == ""
    assert result.code == 0


def test_rows_of_a_test_are_still_there_afterwards(profile: Profile) -> None:
    """Only what the visits wrote is undone."""
    before = Customer.objects.count()
    profile("/writes/")

    assert Customer.objects.count() == before
