"""Libraries whose frames tell what drove a load are learned when they are loaded, also within a watch."""

import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

import quell
from quell.lineage import libraries
from tests.library.models import Book

LIBRARY = "quell_late_library"


@pytest.fixture
def learned(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Count how often the library is learned."""
    found: list[str] = []
    monkeypatch.setitem(libraries._WATCHERS, LIBRARY, lambda: found.append(LIBRARY))
    yield found
    libraries._seen_modules.discard(LIBRARY)


@pytest.mark.django_db
def test_library_that_is_loaded_within_a_watch_is_learned(
    learned: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A URLconf is imported by the first request, and with it the serializers and the admin."""
    with quell.watch():
        monkeypatch.setitem(sys.modules, LIBRARY, ModuleType(LIBRARY))
        assert not Book.objects.exists()

        assert learned == [LIBRARY]


@pytest.mark.django_db
def test_library_is_learned_once(learned: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known is not looked for again."""
    monkeypatch.setitem(sys.modules, LIBRARY, ModuleType(LIBRARY))
    for _ in range(2):
        with quell.watch():
            assert not Book.objects.exists()

    assert learned == [LIBRARY]


@pytest.mark.django_db
def test_library_that_is_not_loaded_is_not_learned(learned: list[str]) -> None:
    """Quell imports nothing by itself."""
    with quell.watch():
        assert not Book.objects.exists()

    assert learned == []
