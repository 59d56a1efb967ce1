"""Django's code is found below whatever stands in front of it."""

import functools
from collections.abc import Callable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import query as query_module

from quell.lineage.originals import code_of, tolerant

LEVEL: Any = query_module.prefetch_one_level
CODE = LEVEL.__code__


def _marked(function: Any) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any) -> Any:
        return function(*args)

    return wrapper


def _unmarked(function: Any) -> Callable[..., Any]:
    def wrapper(*args: Any) -> Any:
        return function(*args)

    return wrapper


def _alone(*args: Any) -> None:
    return None


def test_plain_function_is_its_own_code() -> None:
    """Where nobody patched, nothing is searched."""
    assert code_of(LEVEL) == (CODE, True)


def test_decorator_of_django_is_no_end() -> None:
    """Django's own decorators are looked through as well."""
    code, is_own = code_of(BaseDatabaseWrapper.connect)

    assert code is not None
    assert (code.co_name, is_own) == ("connect", True)


def test_wrappers_of_both_kinds_are_looked_through() -> None:
    """Wrappers may tell what they wrap, or only close over it."""
    assert code_of(_marked(_marked(LEVEL))) == (CODE, True)
    assert code_of(_unmarked(_marked(_unmarked(LEVEL)))) == (CODE, True)


def test_replacement_stands_for_itself() -> None:
    """Where Django's function cannot be found, the frame of what replaced it is better than none."""
    assert code_of(_alone) == (_alone.__code__, False)


def test_builtin_has_no_code() -> None:
    """A function in C has no frame."""
    assert code_of(len) == (None, False)


def test_endless_wrappers_end() -> None:
    """A function that closes over itself is visited once."""

    def own(*args: Any) -> Any:
        return own(*args)

    assert code_of(own) == (own.__code__, False)


def test_handler_of_a_wrapper_may_find_nothing() -> None:
    """The frame of a wrapper has the names of the wrapper; what they do not tell stays unknown."""
    names = {"here": 1}

    assert tolerant(names.__getitem__)("here") == 1
    assert tolerant(names.__getitem__)("elsewhere") is None
