"""The findings: their lines, words and advice, and who silences them."""

import time

import pytest
from django.core.cache import cache
from django.core.mail import send_mail
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

import quell
from quell.reporting.text import describe
from quell.services import after_commit, service
from quell.testing import assert_no_findings
from tests.hygiene.seen import findings_of, line_of
from tests.serviceapp.models import Account
from tests.services.threads import COMMITTING

pytestmark = pytest.mark.django_db


@service
def notify(count: int = 1) -> None:
    """Send mail inside of the transaction."""
    for _ in range(count):
        send_mail("Hello", "World", "one@example.com", ["two@example.com"])  # trigger


@service
def slow(seconds: float) -> None:
    """Do nothing for a while."""
    Account.objects.exists()
    time.sleep(seconds)


def view(request: HttpRequest) -> HttpResponse:
    """Write to the cache."""
    cache.set("key", 1)  # view
    return HttpResponse("done")


urlpatterns = [path("view/", view)]


def test_finding_has_line_and_words() -> None:
    """It names the line, the transaction, and the code to write; each line is one finding."""
    (finding,) = findings_of(lambda: notify(2))

    assert (finding.kind, finding.level, finding.count) == ("side_effect_in_transaction", "advice", 2)
    assert finding.trigger == finding.origin
    assert finding.trigger is not None
    assert finding.trigger.line == line_of(__file__, "trigger")
    assert finding.suggestion == "after_commit(partial(send_mail, ...))"
    assert finding.message.startswith(
        "mail (django.core.mail) 2 times inside the transaction of tests.hygiene.test_findings.notify at "
    )


def test_nothing_is_looked_for_by_default() -> None:
    """Without the argument and the setting there is no finding."""
    with quell.watch() as watch:
        notify()

    assert not watch.findings
    assert not watch.recording.transactions


@override_settings(QUELL_TRANSACTION_HYGIENE=True)
def test_setting_asks_for_it() -> None:
    """The setting is for every watch, unless the watch itself says no."""
    with quell.watch() as watch, quell.watch(transactions=False) as other:
        notify()

    assert [finding.code for finding in watch.findings] == ["Q201"]
    assert not other.findings


def test_decorated_function_is_watched() -> None:
    """The decorator hands the argument on."""
    found: list[str] = []

    @quell.watch(transactions=True)
    def work() -> None:
        notify()

    def listen(*, findings: tuple[quell.findings.Finding, ...], **_: object) -> None:
        found.extend(finding.code for finding in findings)

    quell.signals.findings_reported.connect(listen)
    try:
        work()
    finally:
        quell.signals.findings_reported.disconnect(listen)

    assert found == ["Q201"]


def test_result_that_is_used_is_asked_for_before() -> None:
    """Where the line goes on with what the call returned, it cannot run later."""

    @service
    def count_mail() -> int:
        sent = send_mail("Hello", "World", "one@example.com", ["two@example.com"])
        return int(sent)

    (finding,) = findings_of(count_mail)

    assert finding.suggestion.startswith("send_mail(...) in front of the transaction")


def test_sleep_moves_out() -> None:
    """A sleep has nothing to do after the commit."""
    (finding,) = findings_of(lambda: slow(0.1))

    assert finding.suggestion == "sleep in front of the transaction or behind it"


@override_settings(ROOT_URLCONF=__name__)
def test_atomic_requests_is_named() -> None:
    """Where Django opened the transaction around a view, the message says so."""
    connection = transaction.get_connection()
    connection.settings_dict["ATOMIC_REQUESTS"] = True
    try:
        (finding,) = findings_of(lambda: Client().get("/view/"))
    finally:
        connection.settings_dict["ATOMIC_REQUESTS"] = False

    assert "inside the transaction of ATOMIC_REQUESTS, around the view at " in finding.message
    assert finding.trigger is not None
    assert finding.trigger.line == line_of(__file__, "view")


def test_long_transaction_is_found_from_the_limit_on() -> None:
    """A transaction that is open for as long as the limit is one; a shorter one is none."""
    with override_settings(QUELL_LONG_TRANSACTION_MS=20):
        (finding,) = findings_of(lambda: slow(0.03), "Q202")
    with override_settings(QUELL_LONG_TRANSACTION_MS=60_000):
        none = findings_of(lambda: slow(0.03), "Q202")

    assert not none
    assert finding.count == 1
    assert finding.origin == finding.trigger
    assert finding.message.startswith("the transaction of tests.hygiene.test_findings.slow at ")
    assert finding.message.endswith("the database worked for 0.0 s, in 1 statement")
    assert finding.suggestion.startswith("do what needs no statement in front of the transaction")


@COMMITTING
@override_settings(QUELL_LONG_TRANSACTION_MS=20)
def test_functions_after_the_commit_take_no_time_of_the_transaction() -> None:
    """They run while Django's block is still being left, and the transaction is over."""

    def work() -> None:
        with transaction.atomic():
            transaction.on_commit(lambda: time.sleep(0.03))

    @service
    def served() -> None:
        after_commit(lambda: time.sleep(0.03))

    assert not findings_of(work, "Q202")
    assert not findings_of(served, "Q202")


@override_settings(QUELL_LONG_TRANSACTION_MS=20)
def test_transaction_of_the_test_is_none() -> None:
    """What runs in it, and is in no transaction of its own, may take its time."""
    assert not findings_of(lambda: time.sleep(0.03), "Q202")


def test_comment_silences() -> None:
    """A comment on the line is enough."""

    @service
    def meant() -> None:
        send_mail("Hello", "World", "one@example.com", ["two@example.com"])  # quell: ignore[Q201]

    with quell.watch(transactions=True) as watch:
        meant()

    assert not watch.findings
    assert [item.by for item in watch.silenced] == ["comment"]


def test_block_silences_what_runs_in_it() -> None:
    """The same line outside of the block is reported, with a count of its own."""
    with quell.watch(transactions=True) as watch:
        with quell.ignore("Q201", reason="meant"):
            notify(2)
        notify()

    (finding,) = watch.findings
    (silenced,) = watch.silenced
    assert (finding.count, silenced.finding.count) == (1, 2)


def test_report_counts_times() -> None:
    """An effect is no query, and is not called one."""
    with quell.watch(transactions=True) as watch:
        notify(2)

    assert "Q201 side_effect_in_transaction  2 times" in watch.report()
    assert "Q201 side_effect_in_transaction: mail" in describe(watch.findings[0])


@override_settings(QUELL_TRANSACTION_HYGIENE=True)
def test_advice_fails_no_assertion() -> None:
    """What is only advice lets a test pass."""
    with assert_no_findings() as watch:
        notify()

    assert watch.findings
