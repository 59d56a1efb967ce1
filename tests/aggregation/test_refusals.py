"""What statistics refuse, and what the message says."""

from typing import Any

import pytest
from django.db.models import Count as PlainCount
from django.db.models import F, Q

from quell import Statistics
from quell.aggregation import Count, Ratio, Sum
from quell.exceptions import UsageError
from tests.aggregation.test_statistics import TicketStatistics
from tests.planapp.models import Customer, Ticket

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (Count("coments"), 'no field "coments"; did you mean "comments"'),
        (Count("comments__autor"), r'no field "autor" \(in "comments__autor"\); did you mean "author"'),
        (Count("pk", subjekt="x"), 'no field "subjekt"'),
        (Count("pk", subject__lenght=3), "lenght"),
        (Count("customer__name__nothing"), "nothing"),
        (Sum("subject"), "only numbers and durations"),
        (Sum(Count("comments")), "aggregates an aggregate"),
        (F("subject"), "no aggregate"),
        (Count("comments") + Count("topics"), "different relations"),
        (PlainCount("pk", subject="x"), "import Count from quell.aggregation"),
        (Ratio("nothing", Count("pk")), '"nothing" is no number'),
        (Count("comments", filter=Q(comments__body=F("topics__name"))), "rows of several relations"),
        (Count("comments", filter=Q(comments__labels=1)), 'no field "labels"'),
    ],
)
def test_wrong_numbers_are_refused(number: Any, message: str) -> None:
    """The message names the model, what is wrong, and what to write."""
    with pytest.raises(UsageError, match=message):
        Statistics.of(Ticket, n=number).fetch()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (lambda: Ticket.objects.values("subject").distinct(), "stands for values"),
        (lambda: Ticket.objects.values("subject").annotate(n=PlainCount("pk")), "stands for values"),
        (Customer.objects.all, "about planapp.Ticket"),
        (lambda: Ticket.objects.raw("SELECT * FROM planapp_ticket"), "takes a queryset"),
        (lambda: [1, 2], "takes a queryset"),
    ],
)
def test_what_stands_for_no_rows_is_refused(rows: Any, message: str) -> None:
    """Values, groups, raw SQL and rows of another model are errors."""
    with pytest.raises(UsageError, match=message):
        TicketStatistics(rows()).fetch()


def test_declarations_are_checked() -> None:
    """A class needs a model, a number a name that is free, and Statistics itself declares nothing."""
    with pytest.raises(UsageError, match="has no model"):
        type("NoModel", (Statistics,), {"total": Count("pk")})
    with pytest.raises(UsageError, match="cannot be the name"):
        type("Taken", (Statistics,), {"fetch": Count("pk"), "Meta": type("Meta", (), {"model": Ticket})})
    with pytest.raises(UsageError, match="declares no numbers"):
        Statistics()
