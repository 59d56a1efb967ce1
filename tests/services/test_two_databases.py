"""A service on several databases, and what it may not touch."""

import pytest
from django.db import OperationalError, connections, transaction

from quell.services import (
    PartlyCommitted,
    WriteForbidden,
    service,
)
from tests.serviceapp.models import Account, Entry
from tests.services.threads import COMMITTING, names

pytestmark = [pytest.mark.databases, COMMITTING]


def test_service_on_two_databases_commits_both() -> None:
    """Both are committed or, after an error inside, none."""

    @service(using=["other", "default"])
    def fill(*, fails: bool) -> None:
        Account.objects.create(name="one")
        Account.objects.using("other").create(name="two")
        if fails:
            raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        fill(fails=True)
    assert (names(), names("other")) == ([], [])
    fill(fails=False)
    assert (names(), names("other")) == (["one"], ["two"])


def test_second_database_that_cannot_commit_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """No transaction spans two databases: the error names what is committed and what is not."""

    def fail() -> None:
        raise OperationalError

    monkeypatch.setattr(connections["default"], "_commit", fail)

    @service(using=["other", "default"], retry=3)
    def fill() -> None:
        Account.objects.create(name="one")
        Account.objects.using("other").create(name="two")

    with pytest.raises(PartlyCommitted, match='failed to commit on "default"') as caught:
        fill()
    assert (caught.value.committed, caught.value.rolled_back) == (("other",), ("default",))
    assert (names(), names("other")) == ([], ["two"])


def test_first_database_that_cannot_commit_takes_the_other_one_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is committed yet, so nothing is: and the hooks do not run."""
    done: list[str] = []

    def fail() -> None:
        raise OperationalError

    monkeypatch.setattr(connections["other"], "_commit", fail)

    @service(using=["other", "default"])
    def fill() -> None:
        Account.objects.create(name="one")
        transaction.on_commit(lambda: done.append("done"))

    with pytest.raises(OperationalError):
        fill()
    assert (names(), names("other"), done) == ([], [], [])


def test_write_to_another_database_is_refused() -> None:
    """What would be committed at once on another database raises; reading there is fine."""

    @service
    def fill() -> None:
        Account.objects.create(name="one")
        assert not Account.objects.using("other").exists()
        Account.objects.using("other").create(name="two")

    with pytest.raises(WriteForbidden, match=r'using=\["default", "other"\]') as caught:
        fill()
    assert caught.value.alias == "other"
    assert (names(), names("other")) == ([], [])
    assert connections["other"].execute_wrappers == []
    Account.objects.using("other").create(name="two")


def test_second_database_that_cannot_begin_leaves_none_open() -> None:
    """A transaction that is open on the second one leaves no transaction on the first."""
    with transaction.atomic(using="other"), pytest.raises(Exception, match='on "other"'):
        service(using=["default", "other"])(Entry.objects.count)()
    assert not connections["default"].in_atomic_block
