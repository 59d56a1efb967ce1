"""What is read of the rows."""

from typing import Any

from tests.coexistence.prefetched import models


def read() -> list[object]:
    """Read the shelf of each volume, which loads all of them at once, and count on each shelf, which does not."""
    shelf, volume = (getattr(models, name)._default_manager for name in ("Shelf", "Volume"))
    if not shelf.exists():
        for number in range(3):
            volume.create(shelf=shelf.create(name=str(number)))
    names: list[Any] = [row.shelf.name for row in volume.order_by("pk")]
    return [*names, *(row.volumes.count() for row in shelf.order_by("pk"))]
