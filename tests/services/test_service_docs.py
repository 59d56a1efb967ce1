"""The page about services says what the code does."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from quell import exceptions, services
from tests.serviceapp import calls
from tests.serviceapp.models import Account, Entry
from tests.services.threads import COMMITTING, names

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "services.md").read_text()


@pytest.mark.databases
@COMMITTING
def test_examples_run() -> None:
    """Each example runs, in the order of the page."""
    for name, balance in (("ada", 100), ("bob", 0)):
        Account.objects.create(name=name, balance=balance)
    space: dict[str, Any] = {
        "Account": Account, "Entry": Entry, "IntegrityError": IntegrityError, "asyncio": asyncio,
        "transaction": transaction, "lock_rows": services.lock_rows, "send_statement": calls.note,
    }  # fmt: skip
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(block, "services.md", "exec"), space)
    space["transfer"]("ada", "bob", 30)

    balances = dict(Account.objects.values_list("name", "balance"))
    assert (balances["ada"], balances["bob"]) == (70, 30)
    assert names() == ["ada", "bob", "eve", "gil", "hal"]
    assert set(Entry.objects.values_list("text", flat=True)) == {
        "closed",
        "the name stays taken",
        "month closed",
    }
    assert calls.made[-1:] == ["ada"]


def test_page_lists_every_error() -> None:
    """Each error of services is in the table, and can be imported from their package."""
    found = {
        name
        for name, value in vars(exceptions).items()
        if isinstance(value, type) and issubclass(value, exceptions.ServiceError)
    }
    table = PAGE[PAGE.index("| error | when") :]
    assert found - {"ServiceError"} == set(re.findall(r"`([A-Z]\w+)`", table)) - {"ServiceError"}
    assert found <= set(services.__all__)
