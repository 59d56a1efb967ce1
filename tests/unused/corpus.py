"""Scenarios that are judged by a profile; what they look like is in ``tests.scenarios.corpus``."""

from collections.abc import Callable
from typing import Any, TypeVar

from tests.scenarios.corpus import Expected, Scenario

Function = TypeVar("Function", bound=Callable[..., object])

PROFILED: list[Scenario] = []


def unused(model: str, path: str, **more: Any) -> Expected:
    """Label a scenario with a relation that nothing reads."""
    return _expected("unused_eager_load", model, path, more)


def unread(model: str, path: str, **more: Any) -> Expected:
    """Label a scenario with a column that nothing reads."""
    return _expected("unused_columns", model, path, more)


def repeated(model: str, path: str, **more: Any) -> Expected:
    """Label a scenario with an N+1."""
    return _expected("n_plus_one", model, path, more)


def _expected(kind: str, model: str, path: str, more: dict[str, Any]) -> Expected:
    return Expected(kind=kind, model=model if "." in model else f"press.{model}", path=path, **more)


def profiled(*expected: Expected, **options: Any) -> Callable[[Function], Function]:
    """Put a function into the corpus, with the findings it has to give; none for correct code."""

    def register(function: Function) -> Function:
        PROFILED.append(Scenario(function=function, expected=expected, **options))
        return function

    return register
