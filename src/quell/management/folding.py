"""``manage.py quell fold``: what Redis has counted, into the tables that the admin shows."""

from typing import Any

from django.apps import apps
from django.db import Error

from quell.conf import get_settings
from quell.exceptions import UsageError
from quell.production.storing import open_store
from quell.reporting.text import plural
from quell.store.folding import StoreUnavailableError

_NO_REDIS = "QUELL_STORE names no Redis, so there is nothing to fold: findings are in the database already."
_NO_TABLES = (
    'The admin shows the tables of "quell.store": add it to INSTALLED_APPS, and run manage.py migrate.'
)


def add_fold(verbs: Any) -> None:  # noqa: ANN401 -- argparse names no class for it
    """Declare the verb."""
    verbs.add_parser(
        "fold",
        help="bring the findings in Redis into the database, where the admin shows them",
        description="Copy the numbers of QUELL_STORE into the tables of quell.store. Run it as often as you like.",
    )


def fold() -> str:
    """
    Let the tables say what Redis says; return a line about it.

    Raises:
        UsageError: If there is no Redis, it does not answer, or the database refuses.
    """
    if not apps.is_installed("quell.store"):
        raise UsageError(_NO_TABLES)
    from quell.store.database import put

    try:
        findings = getattr(open_store(get_settings().store or "database"), "findings", None)
        if findings is None:
            raise UsageError(_NO_REDIS)
        count = put(list(findings()))
    except StoreUnavailableError as error:
        msg = f"The Redis of QUELL_STORE refuses or does not answer ({error}). Start it, or correct its URL."
        raise UsageError(msg) from error
    except Error as error:
        told = f"{type(error).__name__}: {' '.join(str(error).split())}"
        msg = f"The database refuses the findings ({told}). Nothing was folded: run manage.py migrate, and try again."
        raise UsageError(msg) from error
    return f"{plural(count, 'finding')} folded"
