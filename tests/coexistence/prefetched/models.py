"""Two models of django-auto-prefetch."""

from typing import Any

import auto_prefetch
from django.db import models

_Model: Any = auto_prefetch.Model
_Meta: Any = auto_prefetch.Model.Meta
_ForeignKey: Any = auto_prefetch.ForeignKey


class Shelf(_Model):  # type: ignore[misc]  # the package has no types that mypy may see everywhere
    """Where volumes stand."""

    name = models.CharField(max_length=20)

    class Meta(_Meta):  # type: ignore[misc]  # likewise
        app_label = "prefetched"


class Volume(_Model):  # type: ignore[misc]  # likewise
    """What stands on a shelf."""

    shelf = _ForeignKey(Shelf, models.CASCADE, related_name="volumes")

    class Meta(_Meta):  # type: ignore[misc]  # likewise
        app_label = "prefetched"
