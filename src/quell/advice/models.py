"""The models that findings name."""

from django.apps import apps
from django.db.models import Model

from quell.exceptions import QuellError


class UnknownModelError(QuellError):
    """A model that no registry knows any more: a migration or a test made it."""


def find_model(label: str) -> type[Model] | None:
    """Return the model of a label, if there is one."""
    try:
        # Not get_model(): a model may belong to an application that is not installed.
        return apps.get_registered_model(*label.split("."))
    except (LookupError, TypeError):
        return None


def model_of(label: str) -> type[Model]:
    """
    Return the model of a label.

    Raises:
        UnknownModelError: If there is none.
    """
    model = find_model(label)
    if model is None:
        msg = f"the code to write is unknown: {label} is a model that was made for a migration or a test"
        raise UnknownModelError(msg)
    return model
