"""The public names of the package."""

import importlib

import pytest

import quell


def test_all_is_sorted() -> None:
    """``__all__`` is sorted, without duplicates."""
    assert list(quell.__all__) == sorted(set(quell.__all__))


@pytest.mark.parametrize("name", quell.__all__)
def test_public_name_is_documented(name: str) -> None:
    """Each public name loads, is listed by ``dir()``, and has a docstring."""
    assert getattr(quell, name).__doc__
    assert name in dir(quell)


def test_unknown_name_is_an_attribute_error() -> None:
    """A misspelt name fails as in any module."""
    with pytest.raises(AttributeError, match="no attribute 'wach'"):
        _ = quell.wach


def test_public_name_is_the_one_of_its_home() -> None:
    """A lazy name is the object itself, each time."""
    home = importlib.import_module("quell.pipeline")

    assert quell.watch is home.watch
    assert quell.wrap_thread is home.wrap_thread


def test_public_names_of_testing_are_listed() -> None:
    """They are lazy as well, and tools such as Sphinx find them by ``dir()``."""
    home = importlib.import_module("quell.testing")

    assert {*home.__all__} <= {*dir(home)}
