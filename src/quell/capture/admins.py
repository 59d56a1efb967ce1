"""Where users of the admin write a fix: in the class of an admin, or, where there is none yet, where it belongs."""

import ast
import linecache
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from django.apps import apps
from django.db.models import Model

from quell.capture.lines import class_location, file_of, node_location
from quell.events import Location
from quell.lineage.callpath import CallPath
from quell.lineage.drivers import FieldNote, NodeNote
from quell.lineage.usercode import is_user_code, is_user_file


class Choices(NamedTuple):
    """The field of a form whose choices were read, and the admin or inline that made the form."""

    field: str
    owner: type


def choices_of(path: CallPath) -> Choices | None:
    """Return the field of an admin's form that read its choices by itself."""
    field = ""
    for frame in path.frames:
        if isinstance(frame.note, NodeNote):
            spot = node_location(frame.note)
            if spot is not None and is_user_file(spot.file):
                return None
        elif isinstance(frame.note, str):
            field = field or frame.note
        elif isinstance(frame.note, FieldNote):
            is_form = bool(field) and not frame.note.name
            return Choices(field, frame.note.owner) if is_form else None
        elif is_user_code(frame.code):
            return None
    return None


def place_of_choices(choices: Choices, admin: Any) -> tuple[Location | None, str]:
    """
    Return the line and the place where the queryset of some choices is made.

    Args:
        choices: The field and the class that made the form.
        admin: What the view belongs to.
    """
    owner = choices.owner
    form = getattr(owner, "form", None)
    if choices.field in getattr(form, "declared_fields", ()):
        is_own = form is not None and is_user_file(file_of(form))
        return (
            (class_location(form), f"{form.__qualname__}.{choices.field}") if form and is_own else (None, "")
        )
    model = getattr(owner, "model", None) or admin.model
    names = {field.name for field in model._meta.many_to_many}
    method = "formfield_for_manytomany" if choices.field in names else "formfield_for_foreignkey"
    if is_user_file(file_of(owner)):
        return class_location(owner), f"{owner.__qualname__}.{method}"
    return registration_of(admin.model), f"{class_name_of(admin.model)}.{method}"


def class_name_of(model: type[Model]) -> str:
    """Return the usual name of the admin of a model."""
    return f"{model.__name__}Admin"


@lru_cache(maxsize=1024)
def registration_of(model: type[Model]) -> Location | None:
    """Return the line of user code that registers a model, else the first one of the admin of its application."""
    own = apps.app_configs.get(model._meta.app_label)
    files = list(_admin_files([own.name])) if own is not None else []
    others = [config.name for config in apps.get_app_configs() if config is not own]
    for file in (*files, *_admin_files(others)):
        line = _registering_line(file, model.__name__)
        if line:
            return Location(file, line, "<module>")
    return Location(files[0], 1, "<module>") if files else None


def _admin_files(names: Iterable[str]) -> Iterator[str]:
    """Yield the modules of the user that have the admins of applications."""
    for name in names:
        parts = [item for item in sys.modules if item.startswith(f"{name}.admin.")]
        for module in (f"{name}.admin", *parts):
            file = getattr(sys.modules.get(module), "__file__", None)
            if file and is_user_file(file):
                yield file


def _registering_line(file: str, name: str) -> int:
    """Return the line of ``site.register(Model)``, with the model alone or in a list; 0 where there is none."""
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):
        return 0
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="register"), args=[first, *_]):
                given = first.elts if isinstance(first, ast.List | ast.Tuple | ast.Set) else [first]
                if any(_name_of(item) == name for item in given):
                    return node.lineno
    return 0


def _name_of(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
