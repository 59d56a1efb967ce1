"""The seed gives the same rows at each run."""

from __future__ import annotations

from io import StringIO

import pytest
from django.apps import apps
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command

from accounts.models import User
from seeding.data import AlreadySeededError, grow, seed
from seeding.world import ADMIN_EMAIL, ADMIN_PASSWORD
from tickets.factories import TicketFactory
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

HELP_DESK_APPS = (
    "organizations",
    "accounts",
    "tickets",
    "fieldwork",
    "knowledge",
    "communication",
    "automation",
    "analytics",
    "mobile",
    "security",
    "billing",
)
Rows = dict[str, list[tuple[object, ...]]]


def _all_rows() -> Rows:
    return {
        model._meta.label: list(model._base_manager.order_by("pk").values_list())
        for label in HELP_DESK_APPS
        for model in apps.get_app_config(label).get_models(include_auto_created=True)
    }


@pytest.mark.django_db(transaction=True)
def test_seed_gives_the_same_rows_at_each_run() -> None:
    """Two runs of the command give equal rows, primary keys included."""
    call_command("seed", tickets=20, flush=True, verbosity=0)
    first = _all_rows()
    call_command("seed", tickets=20, flush=True, verbosity=0)
    assert _all_rows() == first
    assert len(first["tickets.Ticket"]) == 20


def test_seed_fills_every_list() -> None:
    """A seeded help desk has rows of each model that a page lists, and NULLs where they may be."""
    seed(40)
    rows = _all_rows()
    empty = {label for label, found in rows.items() if not found}
    assert empty == {
        "accounts.User_groups",
        "accounts.User_user_permissions",
        "automation.ProcessingJob",
        "automation.RuleEmailTemplate",
        "automation.RuleWebhook",
    }
    assert Ticket.objects.filter(assigned_agent=None).exists()
    assert User.objects.filter(organization=None, role=User.Role.CUSTOMER).exists()


def test_seed_creates_an_admin_who_can_log_in() -> None:
    """The password of the admin is the one that is documented."""
    seed(1)
    user = authenticate(username=ADMIN_EMAIL, password=ADMIN_PASSWORD)
    assert isinstance(user, User)
    assert user.is_staff
    assert user.is_superuser


def test_seed_refuses_a_help_desk_with_rows() -> None:
    """A second seed says so instead of adding other rows."""
    seed(1)
    with pytest.raises(AlreadySeededError):
        seed(1)
    with pytest.raises(CommandError, match="--flush"):
        call_command("seed", tickets=1)


@pytest.mark.parametrize("count", [0, -3])
def test_seed_refuses_sizes_below_one(count: int) -> None:
    """A size without a row is an error everywhere."""
    with pytest.raises(ValueError, match="At least 1"):
        seed(count)
    with pytest.raises(ValueError, match="At least 1"):
        grow(count)
    with pytest.raises(CommandError, match="at least 1"):
        call_command("seed", tickets=count)


def test_seed_draws_no_bar_into_a_file() -> None:
    """What is no terminal gets one line."""
    output = StringIO()
    call_command("seed", tickets=1, stdout=output)
    assert output.getvalue().count("\n") == 1
    assert "\r" not in output.getvalue()


def test_seed_reports_progress_to_the_end() -> None:
    """The steps that are reported rise to their number."""
    seen: list[tuple[int, int]] = []
    seed(1, progress=lambda _, done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == list(range(1, seen[-1][1] + 1))


def test_grow_adds_as_many_rows_as_asked_for() -> None:
    """Growing adds that many roots, and keeps those that exist."""
    grow(2)
    before = set(Ticket.objects.values_list("pk", flat=True))
    grow(3)
    after = set(Ticket.objects.values_list("pk", flat=True))
    assert before < after
    assert len(after) == 5


def test_grow_works_beside_rows_of_a_factory() -> None:
    """Rows that a test made with a factory do not stop the help desk from growing."""
    TicketFactory.create_batch(2)
    grow(3)
    TicketFactory.create()
    grow(2)
    assert Ticket.objects.count() == 8


def test_migrations_match_the_models() -> None:
    """No model has changed without a migration."""
    output = StringIO()
    call_command("makemigrations", dry_run=True, stdout=output)
    assert output.getvalue() == "No changes detected\n"
