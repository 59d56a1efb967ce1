"""The pages of codes are right: their wrong code is found in the help desk, and their right code is not."""

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction

import quell
from knowledge.factories import KBArticleFactory
from knowledge.models import KBArticle
from tickets.factories import TicketFactory
from tickets.models import Category, Ticket

PAGES = Path(__file__).resolve().parents[2] / "docs" / "findings"
Blocks = Callable[[str], list[Callable[[], object]]]


@pytest.fixture
def blocks(db: None) -> Blocks:
    """The code of a page, ready to run over a few rows; a page that declares functions has the one to call."""
    tickets = TicketFactory.create_batch(4)
    KBArticleFactory.create_batch(3, body="x" * 4000)
    space: dict[str, Any] = {
        "Article": KBArticle, "Tag": Category, "Ticket": Ticket, "names": ["a", "b", "c"],
        "pks": [ticket.pk for ticket in tickets], "print": lambda *values: None,
    }  # fmt: skip

    def runs(code: str, file: Path) -> Callable[[], object]:
        # A name without brackets, so that its lines are the user's.
        compiled = compile(code, str(file), "exec")

        def run() -> object:
            here = dict(space)
            exec(compiled, here)
            if "detail" in here:
                return here["detail"](SimpleNamespace(user=None), tickets[0].pk)
            return here["dashboard"](None) if "dashboard" in here else here.get("numbers")

        return run

    def of(page: str) -> list[Callable[[], object]]:
        file = PAGES / f"{page}.md"
        found = re.findall(r"```python\n(.*?)```", file.read_text(), re.DOTALL)
        if page == "Q104":
            # The right code calls the function of the wrong one, which takes the row instead of its key there.
            found[1] += "\ndef check_access(user, ticket):\n    return ticket.pk\n"
        return [runs(code, file) for code in found]

    return of


@pytest.mark.parametrize("code", ["Q101", "Q102", "Q104", "Q105", "Q106", "Q107", "Q110"])
def test_page_of_a_code_is_right(blocks: Blocks, code: str) -> None:
    """The first block of a page has its finding and no other, and the second has none."""
    wrong, right = blocks(code)
    with transaction.atomic():
        with quell.watch(profile=True) as before:
            wrong()
        # The right code writes the same rows.
        transaction.set_rollback(True)
    with quell.watch(profile=True) as after:
        right()

    wanted = {"Q106", "Q107"} & {code}
    found = [each.code for each in before.findings if each.code not in {"Q106", "Q107"} - wanted]
    left = [each.code for each in after.findings if each.code not in {"Q106", "Q107"} - wanted]
    assert set(found) == {code}
    assert left == []
    assert after.queries


def test_right_code_of_numbers_says_the_same(blocks: Blocks) -> None:
    """One statement has the numbers of the three."""
    _, right = blocks("Q110")
    with quell.watch() as watch:
        numbers: Any = right()

    assert len(watch.queries) == 1
    assert numbers.total == Ticket.objects.count()
    assert numbers.open == Ticket.objects.filter(status="open").count()
