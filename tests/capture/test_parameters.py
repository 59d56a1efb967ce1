"""Parameters are told apart by a hash, whatever they are."""

from typing import Any

import pytest
from django.db import connection

import quell

pytestmark = [pytest.mark.django_db]


def _hashes(*parameters: Any) -> list[int]:
    with quell.watch() as watch, connection.cursor() as cursor:
        for given in parameters:
            cursor.execute("SELECT %s", given)
    return [event.params_hash for event in watch.queries]


def test_equal_parameters_have_equal_hashes() -> None:
    """The same value again is the same, another one is not."""
    one, again, other = _hashes((1,), (1,), (2,))
    assert one == again != other


@pytest.mark.parametrize("value", [[1], (memoryview(bytearray(b"x")),), [bytearray(b"x")]])
def test_parameters_without_a_hash_are_recorded(value: Any) -> None:
    """A list of parameters, or a value that can be written to, is no error."""
    assert len(_hashes(value)) == 1
