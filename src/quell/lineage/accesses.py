"""What the frames of Django and its libraries tell: which ORM call ran a statement, and over what a loop walks."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from django.db.models import Model

STOP = object()


class Access:
    """What the frames of one statement tell about the ORM call that ran it."""

    # Most stay what they are here, so that making one costs nothing.
    compiler: Any = None
    loader = ""
    instance: Any = None
    field_name = ""
    peers: Any = None
    level: tuple[str, ...] = ()
    is_declared = False
    is_refresh = False
    is_connecting = False
    is_threaded = False
    method = ""


Handler = Callable[[FrameType, Access], Any]
ALWAYS_ASKED: dict[int, Handler] = {}
# Asked only up to the user's code: what is further out ran something else that happened to need this statement.
# A text is the name of a queryset's method, which costs no call.
ASKED_OF_ORM: dict[int, Handler | str] = {}
# The code that loops over rows for the user, and that of the event loop, by its address: its frame stays while what it
# calls comes and goes.
LOOPS: set[int] = set()
# What the walk knows about each code object by its address: whom to ask, if anybody.
ROLES: dict[int, Any] = {}


def see_compiler(frame: FrameType, access: Access) -> None:
    """Note the compiler that runs the statement."""
    if access.compiler is None:
        access.compiler = frame.f_locals["self"]


def see_loader(name: str) -> Handler:
    """Return what notes the row that loads something of its own, and what."""

    def fill(frame: FrameType, access: Access) -> None:
        if access.loader or access.peers is not None:
            return
        names = frame.f_locals
        instance = names.get("instance")
        if issubclass(type(instance), Model):
            access.loader = name
            access.instance = instance
            access.field_name = _accessor(names["self"], name)

    return fill


def _accessor(descriptor: Any, loader: str) -> str:
    if loader == "reverse_one":
        return str(descriptor.related.get_accessor_name())
    # The descriptor of a generic foreign key is the field itself before Django 6.1.
    field = getattr(descriptor, "field", descriptor)
    return str(field.attname if loader == "deferred" else field.name)


def see_refresh(frame: FrameType, access: Access) -> None:
    """Note a row that is read again."""
    if not access.loader and access.peers is None and access.instance is None:
        access.is_refresh = True
        access.instance = frame.f_locals["self"]


def see_prefetch_level(frame: FrameType, access: Access) -> None:
    """Note the rows that a prefetch is for, and the relation."""
    if access.peers is not None or access.loader:
        return
    names = frame.f_locals
    lookup, level = names["lookup"], names["level"]
    access.peers = names["instances"]
    access.level = (lookup.prefetch_to.split("__")[level],)


def see_declared(frame: FrameType, access: Access) -> None:
    """Note that a queryset asked for the prefetch."""
    access.is_declared = True


def see_connecting(frame: FrameType, access: Access) -> None:
    """Note that a new connection asks by itself."""
    access.is_connecting = True


def see_thread(frame: FrameType, access: Access) -> None:
    """Note that what waits lies on the stack of another thread."""
    access.is_threaded = True


def stop(frame: FrameType, access: Access) -> object:
    """End the walk: the request, task or test begins here."""
    return STOP


def see_view(frame: FrameType, access: Access) -> tuple[str, object]:
    """Return the class of a view."""
    # A view may be called without a request handler, as tests do.
    return "view", frame.f_locals.get("cls")


def see_response(frame: FrameType, access: Access) -> tuple[str, object]:
    """Return the class of the view whose response is rendered."""
    # Whoever calls a view by hand also renders its response, when the view is gone but for its context.
    context = frame.f_locals["self"].context_data
    view = context.get("view") if type(context) is dict else None
    # Not every response comes from a view of this module, nor is everything of that name one.
    views = sys.modules.get("django.views.generic.base")
    is_known = views is not None and isinstance(view, views.View)
    return ("view", type(view)) if is_known else ("response", None)
