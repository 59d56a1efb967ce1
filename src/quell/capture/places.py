"""Places in code: lines, template nodes, and the classes of frameworks that drove a load."""

import inspect
import os
from types import CodeType
from typing import Any

from quell.capture.admins import choices_of, class_name_of, place_of_choices, registration_of
from quell.capture.lines import class_location, code_location, file_of, node_location
from quell.events import Builder, Location
from quell.lineage.alias import FetchRecord
from quell.lineage.callpath import CallPath, Frame
from quell.lineage.drivers import FieldNote, NodeNote
from quell.lineage.sites import Site
from quell.lineage.usercode import is_user_code, is_user_file

_ADMIN_WIDGETS = os.path.join("django", "contrib", "admin", "widgets.py")
_LABELLING = {
    "ForeignKeyRawIdWidget.label_and_url_for_value": "ForeignKeyRawIdWidget",
    "AutocompleteMixin.optgroups": "AutocompleteSelect",
}


def trigger_of(path: CallPath) -> Location | None:
    """Return the innermost user line or template node; else what drove the load; else a library's template line."""
    known: Location | str | None = path.facts.get("trigger", "")
    if not isinstance(known, str):
        return known
    found = path.facts["trigger"] = _find_trigger(path.frames)
    return found


def _find_trigger(frames: tuple[Frame, ...]) -> Location | None:
    driver: Location | None = None
    library_line: Location | None = None
    form_field = ""
    for frame in frames:
        if isinstance(frame.note, NodeNote):
            spot = node_location(frame.note)
            if spot is not None and is_user_file(spot.file):
                return spot
            library_line = library_line or spot
        elif isinstance(frame.note, FieldNote):
            driver = driver or _driver_location(frame.note, form_field)
        elif isinstance(frame.note, str):
            form_field = form_field or frame.note
        elif _is_boundary(frame) and (driver or library_line):
            break
        elif is_user_code(frame.code):
            return code_location(frame.code, frame.lasti)
    return driver or library_line


def _is_boundary(frame: Frame) -> bool:
    """Tell whether a frame is a view, or the rendering of what one returned."""
    return isinstance(frame.note, tuple) and frame.note[0] in {"view", "response"}


def _is_view(frame: Frame) -> bool:
    return isinstance(frame.note, tuple) and frame.note[0] == "view"


def form_field_of(path: CallPath) -> str:
    """Return the name of the form field whose widget ran the statement by itself."""
    for frame in path.frames:
        if isinstance(frame.note, str):
            return frame.note
        if is_user_code(frame.code):
            break
    return ""


def form_widget_of(path: CallPath) -> str:
    """Return the widget of an admin that asked for the label of one row; its choices are no list."""
    for frame in path.frames:
        if is_user_code(frame.code):
            break
        if frame.code.co_qualname in _LABELLING and frame.code.co_filename.endswith(_ADMIN_WIDGETS):
            return _LABELLING[frame.code.co_qualname]
    return ""


def _driver_location(note: FieldNote, form_field: str) -> Location | None:
    if not is_user_file(file_of(note.owner)):
        return None
    name = note.name or form_field
    return class_location(note.owner, f"{note.owner.__qualname__}.{name}" if name else "")


def origin_of(fetch: FetchRecord) -> tuple[Location | None, Builder, str]:
    """Return where a queryset was built, by whom, and the place where its users write a fix."""
    path = fetch.call_path
    view = _view_of(path) if path is not None else None
    # What a call makes of prefetched rows has the site of the prefetch.
    site: Site | None = _user_site(path) if fetch.was_prefetched and path is not None else fetch.site
    if site is not None and site.code is not None and not _is_of_library(site.code, path, view):
        return code_location(site.code, site.lasti), "user", _user_place(site.code, view)
    spot = node_location(site.node) if site is not None and site.node is not None else None
    # A library's template only shows what an admin or a form handed to it.
    if spot is not None and is_user_file(spot.file):
        return spot, "template", ""
    admin: Any = getattr(view, "model_admin", None)
    choices = choices_of(path) if path is not None and admin is not None and not fetch.hops else None
    if path is not None and choices is not None and not form_widget_of(path):
        origin, place = place_of_choices(choices, admin)
        if origin is not None:
            return origin, "library", place
    owner = _view_class(view) if admin is None else _admin_class(admin, fetch.model)
    if owner is not None and is_user_file(file_of(owner)):
        return class_location(owner), "library", _library_place(owner)
    has_no_class = admin is not None and owner is type(admin)
    if has_no_class:
        registration = registration_of(admin.model)
        if registration is not None:
            return registration, "library", f"{class_name_of(admin.model)}.list_select_related"
    return (trigger_of(path) if path is not None else None), "library", ""


def _user_site(path: CallPath) -> Site | None:
    """Return the innermost user code of a path as a site."""
    for frame in path.frames:
        if isinstance(frame.note, NodeNote):
            return Site(None, 0, frame.note)
        if is_user_code(frame.code):
            return Site(frame.code, frame.lasti)
    return None


def _is_of_library(code: CodeType, path: CallPath | None, view: Any) -> bool:
    return _is_caller_of_view(code, path) or _is_body_of(code, _view_class(view))


def _is_body_of(code: CodeType, cls: type | None) -> bool:
    """
    Tell whether code is the class statement of a view, or of what it inherits from.

    The queryset of a view has a site only where the class happened to be made within a watch, as by the first
    request of a process. It has to be the same finding in the second.
    """
    if code.co_flags & inspect.CO_OPTIMIZED or cls is None:
        return False
    return any(code.co_qualname == owner.__qualname__ for owner in cls.__mro__)


def _is_caller_of_view(code: CodeType, path: CallPath | None) -> bool:
    """Tell whether code that called a view is all that a path has of the user's, so that the library built it."""
    for frame in path.frames if path is not None else ():
        if frame.code is code:
            return False
        if _is_view(frame):
            return any(outer.code is code for outer in path.frames) if path is not None else False
    return False


def _admin_class(admin: Any, model: Any) -> type | None:
    """Return the admin, or the inline of it, that lists the rows of a model."""
    for owner in (admin, *admin.inlines):
        if owner.model._meta.concrete_model is model._meta.concrete_model:
            return owner if isinstance(owner, type) else type(owner)
    return None


def _view_of(path: CallPath) -> Any:
    for frame in reversed(path.frames):
        if _is_view(frame):
            return frame.note[1]
    return None


def _view_class(view: Any) -> type | None:
    """Return the class behind a view callable: a ModelAdmin, a ViewSet, a class-based view."""
    if view is None or isinstance(view, type):
        return view
    admin: Any = getattr(view, "model_admin", None)
    if admin is not None:
        return type(admin)
    for name in ("cls", "view_class"):
        found = getattr(view, name, None)
        if isinstance(found, type):
            return found
    return None


def _user_place(code: CodeType, view: Any) -> str:
    """Return ``Class.method`` where the line is in a method of the view's class, as its users know it."""
    owner = _view_class(view)
    if owner is None or "." not in code.co_qualname:
        return ""
    class_name, _, function = code.co_qualname.rpartition(".")
    if any(class_name == base.__qualname__ for base in owner.__mro__):
        return f"{class_name}.{function}"
    return ""


def _library_place(owner: type) -> str:
    """Return where users of a framework write such a fix."""
    from django.contrib.admin import ModelAdmin
    from django.views.generic.list import MultipleObjectMixin

    if issubclass(owner, ModelAdmin):
        return f"{owner.__qualname__}.list_select_related"
    if issubclass(owner, MultipleObjectMixin):
        return f"{owner.__qualname__}.queryset"
    return f"{owner.__qualname__}.get_queryset"
