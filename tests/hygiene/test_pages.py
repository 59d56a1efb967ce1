"""The wrong code of the pages is found, and the right code is not."""

import re
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import send_mail
from django.test import override_settings

import quell
from quell.findings import Finding
from quell.services import after_commit, service
from tests.serviceapp.models import Account
from tests.services.threads import COMMITTING

PAGES = Path(__file__).resolve().parents[2] / "docs" / "findings"


def _make_report(entries: list[object]) -> str:
    time.sleep(0.05)
    return f"{len(entries)} entries"


def _space_of(page: str, block: int) -> dict[str, Any]:
    code = re.findall(r"```python\n(.*?)```", (PAGES / page).read_text(), re.DOTALL)[block]
    space: dict[str, Any] = {
        "Account": Account, "after_commit": after_commit, "make_report": _make_report, "partial": partial,
        "send_mail": send_mail, "service": service,
    }  # fmt: skip
    # A name without brackets, so that its lines are the user's.
    exec(compile(code, str(PAGES / page), "exec"), space)
    return space


def _codes(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in findings]


@COMMITTING
@pytest.mark.parametrize(("block", "codes"), [(0, ["Q201"]), (1, [])], ids=["wrong", "right"])
def test_page_of_side_effects(block: int, codes: list[str]) -> None:
    """Mail inside the transaction is found, and mail after the commit is not."""
    space = _space_of("Q201.md", block)

    with quell.watch(transactions=True) as watch:
        space["open_account"]("ada")

    assert _codes(watch.findings) == codes


@COMMITTING
@override_settings(QUELL_LONG_TRANSACTION_MS=40)
@pytest.mark.parametrize(("block", "codes"), [(0, ["Q202"]), (1, [])], ids=["wrong", "right"])
def test_page_of_long_transactions(block: int, codes: list[str]) -> None:
    """A report inside the transaction is found, and one in front of it is not."""
    space = _space_of("Q202.md", block)
    account = Account.objects.create(name="ada")

    with quell.watch(transactions=True) as watch:
        space["close_day"](account)

    assert _codes(watch.findings) == codes
