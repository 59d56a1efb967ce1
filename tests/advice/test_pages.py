"""The page of calls that pass by a prefetch: its wrong code is found, both ways to write it right are not."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Prefetch

import quell
from tests.planapp.models import Comment, Customer, Organization, Ticket

PAGE = Path(__file__).resolve().parents[2] / "docs" / "findings" / "Q103.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.mark.parametrize(("block", "codes"), [(0, ["Q103"]), (1, []), (2, [])], ids=["wrong", "all", "some"])
def test_page_of_defeated_prefetches(db: None, block: int, codes: list[str]) -> None:
    """Two queries are enough, whether the others are needed or not."""
    organization = Organization.objects.create(name="One", code="one")
    customer = Customer.objects.create(name="Ada", organization=organization)
    for number in range(3):
        ticket = Ticket.objects.create(subject=str(number), customer=customer, loose=organization)
        Comment.objects.create(ticket=ticket, author=customer, is_public=bool(number))
    space: dict[str, Any] = {"Post": Ticket, "Comment": Comment, "Prefetch": Prefetch}
    # A name without brackets, so that its lines are the user's.
    compiled = compile(BLOCKS[block], str(PAGE), "exec")

    with quell.watch() as watch:
        exec(compiled, space)

    assert [finding.code for finding in watch.findings] == codes
    assert len(watch.queries) == (2 if not codes else 5)
    assert len(BLOCKS) == 3
