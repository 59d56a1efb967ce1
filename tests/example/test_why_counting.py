"""What the documentation says of code that counting judges wrongly is what quell finds in it."""

import re
from pathlib import Path
from typing import Any

import pytest

import quell
from tickets.factories import TicketCommentFactory, TicketFactory
from tickets.models import Ticket

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "why-counting-fails.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def tickets(db: None) -> list[Any]:
    """Two tickets with a comment each."""
    found = TicketFactory.create_batch(2)
    for ticket in found:
        TicketCommentFactory.create(ticket=ticket)
    return found


def test_two_objects_of_one_helper_are_no_problem(tickets: list[Any]) -> None:
    """The first example reads two tickets that two querysets loaded."""
    space: dict[str, Any] = {}
    exec(BLOCKS[0], space)

    with quell.watch() as watch:
        space["show"](Ticket.objects.get(pk=tickets[0].pk), Ticket.objects.get(pk=tickets[1].pk))

    assert watch.findings == ()


def test_three_relations_are_one_fix_of_one_queryset(tickets: list[Any]) -> None:
    """The second example has one queryset to change, and two rows are enough to see it."""
    code = compile(BLOCKS[1], __file__, "exec")
    with quell.watch() as watch:
        exec(code, {"Ticket": Ticket})

    assert {(found.model, found.path) for found in watch.findings} == {
        ("tickets.Ticket", "customer"),
        ("tickets.Ticket", "comments"),
        ("tickets.Ticket", "comments__author"),
    }
    (plan,) = {found.plan for found in watch.findings}
    assert plan is not None
    assert plan.as_code(Ticket) in PAGE.read_text().replace("`", "")
