"""Whether the models and paths that people write exist."""

from fnmatch import fnmatchcase

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model

from quell.exceptions import UsageError
from quell.introspection.relations import resolve_path
from quell.silencing.codes import closest

_WILD = frozenset("*?[")


def check_names(label: str, path: str) -> None:
    """
    Check a model and a path, each of which may be empty or a glob.

    Raises:
        UsageError: If there is no such model, or no such path from it; the message names the closest match.
    """
    known = _models()
    if _WILD & set(label):
        if not any(fnmatchcase(name, label) for name in known):
            msg = f'no model matches "{label}". {closest(label, known, "The models are")}'
            raise UsageError(msg)
    elif label:
        model = _model_of(label, known)
        if path and not _WILD & set(path):
            _check_path(model, path, known)


def _models() -> dict[str, type[Model]]:
    # Not get_models(): a model may belong to an application that is not installed.
    return {model._meta.label: model for models in apps.all_models.values() for model in models.values()}


def _model_of(label: str, known: dict[str, type[Model]]) -> type[Model]:
    if label in known:
        return known[label]
    msg = f'there is no model "{label}". {closest(label, known, "The models are")}'
    raise UsageError(msg)


def _check_path(model: type[Model], path: str, known: dict[str, type[Model]]) -> None:
    """Refuse a path that leads nowhere; its last name may be a column."""
    head, _, last = path.rpartition("__")
    hops = resolve_path(model, head) if head else ()
    if hops and not hops[-1].model:
        # Behind a generic foreign key each row may lead elsewhere.
        return
    end = _model_of(hops[-1].model, known) if hops else model
    try:
        end._meta.get_field(last)
    except FieldDoesNotExist:
        resolve_path(end, last)
