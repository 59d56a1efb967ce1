"""What code reads that nobody can see from outside: declared beside the code."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from django.utils.functional import cached_property as django_cached_property

from quell.exceptions import UsageError
from quell.loading.plan import FetchPlan
from quell.loading.values import check_path

_MARK = "quell_needs"
_CodeT = TypeVar("_CodeT")


@dataclass(frozen=True, slots=True)
class Needs:
    """What a method reads of the instance: relations and columns, plans, and other serializers of it."""

    paths: tuple[str, ...]
    plans: tuple[FetchPlan, ...]
    serializers: tuple[type[object], ...]


def needs(*needed: str | FetchPlan, serializers: Sequence[type[object]] = ()) -> Callable[[_CodeT], _CodeT]:
    """
    Declare what a method or property reads, so that plans inferred from serializers load it.

    Args:
        needed: Relations, which are loaded in full (``"comments__author"``), columns (``"subject"``,
            ``"customer__name"``), and plans for whatever else. Nothing for code that reads nothing of the instance.
        serializers: Serializer classes that the method gives the same instance to.

    It decorates methods of serializers, methods and properties of models, and fields' ``to_representation()``::

        @needs("comments__author")
        def get_people(self, ticket): ...

    Raises:
        UsageError: If a path is malformed, or what is decorated is no code.
    """
    for item in needed:
        if not isinstance(item, FetchPlan):
            check_path(item, "needs()")
    found = Needs(
        tuple(item for item in needed if isinstance(item, str)),
        tuple(item for item in needed if isinstance(item, FetchPlan)),
        tuple(serializers),
    )

    def declare(code: _CodeT) -> _CodeT:
        function = _function(code)
        if function is None:
            msg = f"needs() cannot be declared on {code!r}; put it on a method, or on a property"
            raise UsageError(msg)
        setattr(function, _MARK, found)
        return code

    return declare


def needs_of(code: object) -> Needs | None:
    """Return what was declared of a method or a property; ``None`` where nothing was."""
    function = _function(code)
    found: Needs | None = getattr(function, _MARK, None)
    return found


def _function(code: object) -> Any:  # noqa: ANN401 -- any callable that takes an attribute
    if isinstance(code, property):
        return code.fget
    if isinstance(code, (cached_property, django_cached_property)):
        return code.func
    code = getattr(code, "__func__", code)
    return code if callable(code) else None
