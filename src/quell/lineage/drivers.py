"""What the frames of templates, serializers, forms and the admin tell: the node, field or column that they work on."""

from types import FrameType
from typing import Any

from django.template.base import Node
from django.template.defaulttags import ForNode

_NOTE = "quell_note"


class NodeNote:
    """
    A node of a template: what tells its place, without the nodes around it, which a note is not to keep.

    Each node has one, which it keeps for as long as it is there.
    """

    __slots__ = ("is_loop", "origin", "token")

    def __init__(self, node: Node) -> None:
        self.origin = getattr(node, "origin", None)
        self.token = getattr(node, "token", None)
        self.is_loop = isinstance(node, ForNode)


def template_node(frame: FrameType, access: object) -> NodeNote:
    """Tell which node of a template is rendered."""
    node: Node = frame.f_locals["self"]
    note: NodeNote | None = node.__dict__.get(_NOTE)
    return note if note is not None else node.__dict__.setdefault(_NOTE, NodeNote(node))


class FieldNote:
    """
    A field that a serializer, or a column that an admin, was working on; equal by class and name.

    Of an admin that drives a form the name is empty: what is further in tells the field.
    """

    __slots__ = ("name", "owner")

    def __init__(self, owner: type, name: str) -> None:
        self.owner = owner
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FieldNote) and (self.owner, self.name) == (other.owner, other.name)

    def __hash__(self) -> int:
        return hash((self.owner, self.name))


def serializer_field(frame: FrameType, access: object) -> FieldNote | None:
    """Tell which field a serializer works on."""
    names = frame.f_locals
    field = names.get("field")
    name = getattr(field, "field_name", None)
    return FieldNote(type(names["self"]), name) if name else None


def admin_column(frame: FrameType, access: object) -> FieldNote | None:
    """Tell which column an admin shows."""
    names = frame.f_locals
    name, owner = names.get("name") or names.get("field_name"), names.get("model_admin")
    if owner is None and "cl" in names:
        owner = names["cl"].model_admin
    return FieldNote(type(owner), str(name)) if owner is not None and isinstance(name, str) else None


def form_field(frame: FrameType, access: object) -> str | None:
    """Tell which field of a form is drawn."""
    name = frame.f_locals["self"].name
    return name if isinstance(name, str) else None


def admin_form(frame: FrameType, access: object) -> FieldNote | None:
    """Tell which admin a form of its template is of."""
    # Without a call of the context: its layers are plain dictionaries.
    for layer in reversed(frame.f_locals["context"].dicts):
        if "inline_admin_formset" in layer:
            return _driver(getattr(layer["inline_admin_formset"], "opts", None))
        if "adminform" in layer:
            return _driver(getattr(layer["adminform"], "model_admin", None))
    return None


def admin_view(frame: FrameType, access: object) -> FieldNote | None:
    """Tell which admin a view of it is of."""
    return _driver(frame.f_locals["self"])


def admin_formset(frame: FrameType, access: object) -> FieldNote | None:
    """Tell which inline a formset is of."""
    return _driver(getattr(frame.f_locals["self"], "opts", None))


def _driver(owner: Any) -> FieldNote | None:
    return FieldNote(type(owner), "") if owner is not None else None
