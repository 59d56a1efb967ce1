"""
What the frames of a statement tell about the instruction of the user's code that led to it.

An action is one call of the user's code into Django or a library: ``book.save()``, ``Tag.objects.get_or_create()``.
Its statements share the path from that instruction on; what runs further in is the ORM's, or a ``save()`` of the
user's that the ORM calls back.
"""

import os
from dataclasses import dataclass

import django

from quell.capture.lines import code_location, node_location
from quell.capture.loops import Surroundings, is_at_loop, is_at_map, is_at_while, is_user_loop
from quell.events import Location
from quell.lineage.callpath import CallPath, Frame
from quell.lineage.drivers import NodeNote
from quell.lineage.usercode import is_user_code, is_user_file

_DJANGO = os.path.dirname(django.__file__) + os.sep
_ORM = os.path.join(_DJANGO, "db", "")
_RELATIONS = os.path.join(_DJANGO, "contrib", "contenttypes", "fields.py")
_CACHE = os.path.join(_DJANGO, "core", "cache", "")
# Each has a loop around whatever runs in it, over things that are no rows.
_NO_LOOPS = (_ORM, os.path.join(_DJANGO, "dispatch", ""), os.path.join(_DJANGO, "template", ""))


def _package(name: str) -> str:
    return f"{os.sep}site-packages{os.sep}{name.replace('/', os.sep)}"


# Packages that run a loop over rows themselves; pools, workers and test runners loop over other things.
_LOOPING = tuple(map(_package, ("factory/", "model_bakery/", "rest_framework/", "import_export/", "ninja/")))
_WRITERS = frozenset(
    {"Model", "QuerySet", "ManyRelatedManager", "RelatedManager", "GenericRelatedObjectManager"}
)
_VERBS = frozenset(
    {
        "save",
        "save_base",
        "delete",
        "create",
        "get_or_create",
        "update_or_create",
        "bulk_create",
        "bulk_update",
    }
    | {"update", "add", "remove", "set", "clear"}
)
# What Django reads and writes for itself, whoever called it.
_HOUSEKEEPING = tuple(
    _DJANGO + part.replace("/", os.sep)
    for part in (
        "contrib/admin/", "contrib/auth/__init__.py", "contrib/auth/backends.py", "contrib/auth/management/",
        "contrib/auth/middleware.py", "contrib/contenttypes/management/", "contrib/contenttypes/models.py",
        "contrib/flatpages/", "contrib/messages/", "contrib/redirects/", "contrib/sessions/", "contrib/sites/",
        "core/cache/", "core/management/", "core/serializers/", "db/migrations/", "test/",
    )
)  # fmt: skip
# The part of it that no loop of the user's can do at once, or differently.
_INTERNAL = tuple(
    _DJANGO + part.replace("/", os.sep)
    for part in (
        "contrib/auth/__init__.py", "contrib/auth/middleware.py", "contrib/contenttypes/management/",
        "contrib/contenttypes/models.py", "contrib/messages/", "contrib/sessions/", "contrib/sites/",
        "core/cache/", "core/management/", "db/migrations/", "test/client.py",
    )
)  # fmt: skip
# What a form or a serializer reads to check its input; what it writes, somebody told it to write.
_CHECKS = (
    _DJANGO + f"forms{os.sep}", _package("rest_framework/relations.py"), _package("rest_framework/validators.py")
)  # fmt: skip

# What reads the database to check one value; the loop over forms or rows around it is a library's.
_CHECKING = frozenset(
    {
        "ModelChoiceField.to_python", "ModelMultipleChoiceField._check_values", "ForeignKey.validate",
        "Model._perform_unique_checks", "UniqueConstraint.validate", "PrimaryKeyRelatedField.to_internal_value",
        "SlugRelatedField.to_internal_value", "HyperlinkedRelatedField.get_object", "UniqueValidator.__call__",
        "UniqueTogetherValidator.__call__", "BaseUniqueForValidator.__call__",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Action:
    """What one instruction of the user's code did; see ``events.QueryEvent`` for its parts."""

    verb: str
    number: int = 0
    line: Location | None = None
    loop: Location | None = None
    is_in_while: bool = False
    is_looped_by_library: bool = False
    is_housekeeping: bool = False
    is_internal: bool = False


def action_of(path: CallPath) -> Action:
    """Return the action that a statement belongs to; kept per path."""
    known: Action | None = path.facts.get("action")
    if known is None:
        known = path.facts["action"] = _find(path)
    return known


def _find(path: CallPath) -> Action:
    frames = path.frames
    position, verb = _user_position(frames)
    own = any(_is_housekeeping(frame, is_read=not verb) for frame in frames[:position])
    is_housekeeping = own or any(frame.code.co_filename.startswith(_CACHE) for frame in frames)
    is_internal = any(frame.code.co_filename.startswith(_INTERNAL) for frame in frames[:position])
    outer = frames[position:]
    outside = path.surroundings
    around = next(
        (frame for frame in outer if is_user_loop(frame, outside) or is_at_map(frame, outside)), None
    )
    is_internal = is_internal or (around is None and any(map(_is_checking, frames[:position])))
    if not outer:
        return Action(verb, is_housekeeping=is_housekeeping, is_internal=is_internal)
    return Action(
        verb=verb,
        number=hash((path.unit, *(frame.same for frame in outer))) or 1,
        line=_line_of(outer[0]),
        loop=_line_of(around) if around is not None else None,
        is_in_while=around is not None and is_at_while(around, outside),
        is_looped_by_library=around is None and any(_is_loop_of_library(frame, outside) for frame in frames),
        is_housekeeping=is_housekeeping,
        is_internal=is_internal,
    )


def _user_position(frames: tuple[Frame, ...]) -> tuple[int, str]:
    """Return where the user's code begins, and the outermost method of the ORM in front of it."""
    verb = ""
    for position, frame in enumerate(frames):
        verb = _verb_of(frame) or verb
        if _is_of_user(frame) and not (verb and _is_called_back(frames, position)):
            return position, verb
    return len(frames), verb


def _is_of_user(frame: Frame) -> bool:
    if isinstance(frame.note, NodeNote):
        spot = node_location(frame.note)
        return spot is not None and is_user_file(spot.file)
    return is_user_code(frame.code)


def _is_called_back(frames: tuple[Frame, ...], position: int) -> bool:
    """Tell whether the ORM called this frame, as create() calls a save() of the user's, and that its parent's."""
    name = frames[position].code.co_name
    for frame in frames[position + 1 :]:
        if _verb_of(frame):
            return True
        if frame.code.co_name != name:
            return False
    return False


def _verb_of(frame: Frame) -> str:
    file, name = frame.code.co_filename, frame.code.co_name
    if name not in _VERBS or not (file.startswith(_ORM) or file == _RELATIONS):
        return ""
    owner = frame.code.co_qualname.split(".")[-2:-1]
    if not _WRITERS.issuperset(owner):
        return ""
    return "save" if name == "save_base" else name


def _line_of(frame: Frame) -> Location | None:
    if isinstance(frame.note, NodeNote):
        return node_location(frame.note)
    return code_location(frame.code, frame.lasti)


def _is_housekeeping(frame: Frame, *, is_read: bool) -> bool:
    file = frame.code.co_filename
    if file.startswith(_HOUSEKEEPING) or frame.code.co_name == "update_last_login":
        return True
    return is_read and (file.startswith(_CHECKS[0]) or any(part in file for part in _CHECKS[1:]))


def _is_checking(frame: Frame) -> bool:
    file = frame.code.co_filename
    is_library = file.startswith(_DJANGO) or any(part in file for part in _LOOPING)
    return is_library and frame.code.co_qualname in _CHECKING


def _is_loop_of_library(frame: Frame, surroundings: Surroundings) -> bool:
    file = frame.code.co_filename
    is_django = file.startswith(_DJANGO) and not file.startswith(_NO_LOOPS)
    return (is_django or any(part in file for part in _LOOPING)) and is_at_loop(frame, surroundings)
