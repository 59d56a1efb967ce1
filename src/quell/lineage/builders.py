"""
Who built a queryset, for plans that belong to a place in the code.

# Note [Builders and sites]
A watch asks where a statement comes from, and names a line. A recorded plan has to find the same place again in
another process, after lines have moved, so a builder is told apart by what does not move: the class whose method
ran, the function, and the instruction, of which ``loading.recorded`` keeps the text. What is built while a module or
a class is made, such as the ``queryset`` of a ViewSet, is a draft of many querysets: the first function that takes
it up has built it.
"""

import inspect
import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from asgiref.sync import SyncToAsync
from django.core.signals import setting_changed
from django.db.models import Manager, Model, QuerySet
from django.db.models import query as query_module
from django.db.models.deletion import Collector
from django.db.models.fields.related_descriptors import ForwardManyToOneDescriptor, ReverseOneToOneDescriptor
from django.template.base import Node

from quell.lineage.originals import code_of
from quell.lineage.sites import MAX_FRAMES, is_manager_code
from quell.lineage.usercode import is_user_code, is_user_file

# The attribute of a query that holds its builder.
BUILDER = "built_by"

_PASSED, _BUILDS, _MANAGES, _DRAWS, _DRAFTS, _IS_NOBODY, _ENDS = range(1, 8)
_NODE_CODE = Node.render_annotated.__code__
# Below these Django asks for itself: for a key, a column, what else is to be deleted.
_NOBODY = frozenset(
    code_of(function)[0]
    for function in (
        ForwardManyToOneDescriptor.get_queryset,
        ReverseOneToOneDescriptor.get_queryset,
        Model.refresh_from_db,
        Collector.collect,
    )
)
# The querysets of related managers that a prefetch fills are built on later, by others.
_PREFETCH_CODE = code_of(query_module.prefetch_one_level)[0]
# The user of a request, its session and content types belong to everybody who touches them first.
_SHARED = (
    # The rows of a plan's prefetch are those of the queryset that has the plan.
    "quell.loading.prefetching",
    "django.contrib.auth",
    "django.contrib.auth.backends",
    "django.contrib.auth.middleware",
    "django.contrib.contenttypes.fields",
    "django.contrib.contenttypes.models",
)
_SHARED_PACKAGES = (
    "django.contrib.sessions.", "django.contrib.messages.", "django.core.serializers.", "quell.loading.recorded.",
)  # fmt: skip
_MAX_KNOWN = 50_000  # a process that makes code again and again must not keep all of it
# By the address of the code, which is kept so that it stays its own: a code object takes its hash from its content.
_roles: dict[int, int] = {}
_kept: list[CodeType] = []
_builders: dict[tuple[object, ...], "Builder"] = {}


class Builder:
    """
    The place that built a queryset; one object per place, so that it is its own key. Pickles as ``None``.

    ``owner`` is the class whose method ran, which may have inherited it. Of a method of a library only the name of
    the method is kept, and of a template its name and the text of the tag.
    """

    __slots__ = ("code", "function", "lasti", "module", "owner", "template", "text")

    def __init__(  # One argument for each fact.
        self,
        *,
        module: str = "",
        code: CodeType | None = None,
        lasti: int = 0,
        owner: type | None = None,
        function: str = "",
        template: str = "",
        text: str = "",
    ) -> None:
        self.module = module
        self.code = code
        self.lasti = lasti
        self.owner = owner
        self.function = function
        self.template = template
        self.text = text

    def __reduce__(self) -> tuple[type[None], tuple[()]]:
        return type(None), ()

    def __copy__(self) -> "Builder":
        return self

    def __deepcopy__(self, memo: object) -> "Builder":
        return self


# Whoever takes such a queryset up has not built it either.
NOBODY = Builder()


def find_builder(frame: FrameType | None) -> Builder | None:
    """
    Walk up from the frame that makes a queryset to whoever builds it.

    Returns:
        ``NOBODY`` for a queryset that Django makes for itself, and ``None`` for a draft.
    """
    start, manager = frame, None
    for _ in range(MAX_FRAMES):
        if frame is None:
            break
        role = _roles.get(id(frame.f_code)) or _role_of(frame)
        if role in _ANSWERS:
            return _ANSWERS[role](frame)
        if role == _ENDS:
            break
        if role == _MANAGES:
            manager = manager or frame
        frame = frame.f_back
    return _builder_by_class(start) or (_builder_at(manager) if manager is not None else None)


def _builder_in_template(frame: FrameType) -> Builder | None:
    node: Any = frame.f_locals["self"]
    name = getattr(getattr(node, "origin", None), "name", "")
    token = getattr(node, "token", None)
    if not name or token is None:
        return None
    key = (name, token.contents)
    return _builders.get(key) or _keep(key, Builder(template=str(name), text=token.contents))


def _role_of(frame: FrameType) -> int:
    code = frame.f_code
    if len(_roles) >= _MAX_KNOWN:
        _forget()
    _kept.append(code)
    role = _roles[id(code)] = _judge(frame)
    return role


def _judge(frame: FrameType) -> int:
    code = frame.f_code
    if code is _NODE_CODE:
        return _DRAWS
    if code is _PREFETCH_CODE:
        return _DRAFTS
    if is_user_code(code):
        if not code.co_flags & inspect.CO_OPTIMIZED:
            # See Note [Builders and sites]
            return _DRAFTS
        return _MANAGES if is_manager_code(code, frame) else _BUILDS
    module = str(frame.f_globals.get("__name__", ""))
    if code in _NOBODY or module in _SHARED or module.startswith(_SHARED_PACKAGES):
        return _IS_NOBODY
    is_view = code.co_qualname.endswith(".as_view.<locals>.view")
    return _ENDS if is_view or code is SyncToAsync.thread_handler.__code__ else _PASSED


def _builder_at(frame: FrameType) -> Builder:
    code, lasti = frame.f_code, frame.f_lasti
    owner = _owner_of(frame) if _is_method(code) else None
    # A builder keeps its code, and with it the address.
    key = (id(code), lasti, owner)
    found = _builders.get(key)
    if found is None:
        module = str(frame.f_globals.get("__name__", ""))
        found = _keep(key, Builder(module=module, code=code, lasti=lasti, owner=owner))
    return found


def _builder_by_class(frame: FrameType | None) -> Builder | None:
    """Return the user's class whose inherited method made the queryset: a generic view, a ViewSet, an admin."""
    for _ in range(MAX_FRAMES):
        if frame is None or _roles.get(id(frame.f_code)) == _ENDS:
            break
        owner = _owner_of(frame) if _is_method(frame.f_code) else None
        if owner is not None and not issubclass(owner, (Model, Manager, QuerySet)) and _is_of_user(owner):
            key = (owner, frame.f_code.co_name)
            return _builders.get(key) or _keep(key, Builder(owner=owner, function=frame.f_code.co_name))
        frame = frame.f_back
    return None


def _is_method(code: CodeType) -> bool:
    return bool(code.co_argcount) and code.co_varnames[0] in {"self", "cls"}


def _owner_of(frame: FrameType) -> type | None:
    first: Any = frame.f_locals.get(frame.f_code.co_varnames[0])
    # Not isinstance(), which would evaluate a lazy object in the middle of a query.
    return first if issubclass(type(first), type) else type(first)


def _is_of_user(owner: type) -> bool:
    file = getattr(sys.modules.get(owner.__module__), "__file__", None)
    return file is not None and is_user_file(file)


def _keep(key: tuple[object, ...], builder: Builder) -> Builder:
    if len(_builders) >= _MAX_KNOWN:
        _forget()
    return _builders.setdefault(key, builder)


def _forget(*, setting: str = "QUELL_LIBRARIES", **_: object) -> None:
    if setting == "QUELL_LIBRARIES":
        _roles.clear()
        _kept.clear()
        _builders.clear()


setting_changed.connect(_forget, dispatch_uid="quell.lineage.builders")


# What the roles come to that end the walk.
_ANSWERS: dict[int, Callable[[FrameType], Builder | None]] = {
    _BUILDS: _builder_at,
    _DRAWS: _builder_in_template,
    _IS_NOBODY: lambda frame: NOBODY,
    _DRAFTS: lambda frame: None,
}
