"""The name of the place that built a queryset: the same after lines have moved, in another process and checkout."""

import ast
import linecache
import re
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType

from quell.lineage.builders import Builder
from quell.lineage.callpath import beginning_of
from quell.paths import portable_path

# Python 3.12 runs comprehensions in the frame of their function.
_INNER = re.compile(r"(\.<locals>)?\.<(listcomp|setcomp|dictcomp|genexpr)>")
Position = tuple[int, int, int, int]


@dataclass(frozen=True, order=True, slots=True)
class Origin:
    """
    The place that built a queryset.

    Attributes:
        place: ``"tickets.views:ticket_list"``, ``"api.views:TicketViewSet.get_queryset"`` with the class that ran it,
            or the name of a template.
        model: The label of the model of its rows.
        code: The expression that built it, as ``ast.unparse()`` spells it, the second one of equal expressions in
            one function with ``#2`` behind it; of a template the tag. Empty where a library's method built it, or
            the source is gone.
    """

    place: str
    model: str
    code: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.code}" if self.code else f"{self.place} ({self.model})"


def origin_of(builder: Builder, model: str) -> Origin:
    """Return the name of a place, for rows of a model."""
    place, code = _place_and_code(builder)
    return Origin(place, model, code)


# A builder is one object per place, and there are no more of them than places.
@lru_cache(maxsize=4096)
def _place_and_code(builder: Builder) -> tuple[str, str]:
    if builder.template:
        return portable_path(builder.template), builder.text
    code, owner = builder.code, builder.owner
    if code is None:
        assert owner is not None  # a method of a library has the class that it ran for
        return f"{owner.__module__}:{owner.__qualname__}.{builder.function}", ""
    text = code_text(code, beginning_of(code, builder.lasti))
    name = _INNER.sub("", code.co_qualname)
    if owner is not None and _is_method_of(owner, code):
        return f"{owner.__module__}:{owner.__qualname__}.{name.rpartition('.')[2]}", text
    is_module = builder.module and builder.module != "__main__"
    return f"{builder.module if is_module else portable_path(code.co_filename)}:{name}", text


def _is_method_of(owner: type, code: CodeType) -> bool:
    """Tell whether a class has a method of this name from the class that the code names."""
    holder, _, name = code.co_qualname.rpartition(".")
    return "<locals>" not in name and any(
        base.__qualname__ == holder and name in base.__dict__ for base in owner.__mro__
    )


def code_text(code: CodeType, offset: int) -> str:
    """Return the expression of an instruction; empty where the source is gone, or is no Python."""
    position = _position_at(code, offset)
    text = expression_at(code.co_filename, position) if position is not None else ""
    if not text or position is None:
        return ""
    others = sorted(_positions(code) - {position})
    earlier = sum(other < position and expression_at(code.co_filename, other) == text for other in others)
    return f"{text}#{earlier + 1}" if earlier else text


def _position_at(code: CodeType, offset: int) -> Position | None:
    position = next((item for at, item in enumerate(code.co_positions()) if at == offset // 2), None)
    return _complete(position) if position is not None else None


def _complete(position: tuple[int | None, int | None, int | None, int | None]) -> Position | None:
    line, end_line, column, end_column = position
    if line is None or end_line is None or column is None or end_column is None:
        # Python ran with -X no_debug_ranges.
        return None
    return line, end_line, column, end_column


def _positions(code: CodeType) -> set[Position]:
    found = map(_complete, code.co_positions())
    return {position for position in found if position is not None}


@lru_cache(maxsize=4096)
def expression_at(file: str, position: Position) -> str:
    """Return the source between two places, spelled as ``ast.unparse()`` does; empty where it is no expression."""
    line, end_line, column, end_column = position
    lines = [text.encode() for text in linecache.getlines(file)[line - 1 : end_line]]
    if len(lines) < end_line - line + 1 or not lines:
        return ""
    lines[-1] = lines[-1][:end_column]
    lines[0] = lines[0][column:]
    try:
        # In brackets, as it may go over lines.
        return ast.unparse(ast.parse(f"({b''.join(lines).decode()}\n)", mode="eval"))
    except (SyntaxError, ValueError):
        return ""
