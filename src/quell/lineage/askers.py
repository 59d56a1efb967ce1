"""Which row a query is run for that says nothing of it: the one that the code around it was given."""

from types import CodeType, FrameType
from typing import Any, NamedTuple

from django.db.models import Model

from quell.lineage.alias import FetchAlias
from quell.lineage.usercode import is_user_file

# The code that a row was given to is near, or it was given for something else.
_MAX_FRAMES = 40


class Asker(NamedTuple):
    """A row, and the innermost code that was given it."""

    row: Model
    code: CodeType


def find_asker(frame: FrameType | None) -> Asker | None:
    """Walk up from a frame to the first function or method of the user's that has a loaded row as an argument."""
    for _ in range(_MAX_FRAMES):
        if frame is None:
            break
        code = frame.f_code
        if is_user_file(code.co_filename):
            row = _row_among(frame, code)
            if row is not None:
                return Asker(row, code)
        frame = frame.f_back
    return None


def _row_among(frame: FrameType, code: CodeType) -> Model | None:
    count = code.co_argcount + code.co_kwonlyargcount
    if not count:
        return None
    values = frame.f_locals
    for name in code.co_varnames[:count]:
        value: Any = values.get(name)
        # isinstance() would evaluate a lazy object, such as request.user, in the middle of a query.
        if issubclass(type(value), Model) and type(value._state.db) is FetchAlias:
            return value  # type: ignore[no-any-return]  # a model by its class
    return None
