"""What is read of the rows."""

from typing import Any

from tests.coexistence.prefetched import models


def read() -> list[object]:
    """Read the shelf of each volume, which loads all of them at once, and count on each shelf, which does not."""
    shelf, volume = (getattr(models, name)._default_manager for name in ("Shelf", "Volume"))
    if not shelf.exists():
        shelves = shelf.bulk_create(models.Shelf(name=str(number)) for number in range(3))
        volume.bulk_create(models.Volume(shelf=each) for each in shelves)
    names: list[Any] = [row.shelf.name for row in volume.order_by("pk")]
    return [*names, *(row.volumes.count() for row in shelf.order_by("pk"))]
