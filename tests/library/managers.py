"""Managers as projects write them."""

from typing import Any

from django.db import models


class BookQuerySet(models.QuerySet[Any, Any]):
    """Books, by the words that the library uses."""

    def by_title(self) -> "BookQuerySet":
        """Return the books in order of their titles."""
        return self.order_by("title")

    def written(self) -> "BookQuerySet":
        """Return the books that have a text."""
        return self.exclude(text="")


class LiveManager(models.Manager[Any]):
    """Rows that are not deleted."""

    def get_queryset(self) -> models.QuerySet[Any, Any]:
        """Leave out what is deleted."""
        return super().get_queryset().filter(is_deleted=False)


class ArchiveQuerySet(models.QuerySet[Any, Any]):
    """Archives."""

    def labelled(self) -> "ArchiveQuerySet":
        """Return the archives that have a label."""
        return self.exclude(label="")


class ArchiveManager(models.Manager[Any]):
    """Makes its querysets itself."""

    def get_queryset(self) -> ArchiveQuerySet:
        """Return a queryset that no method of Django made."""
        return ArchiveQuerySet(self.model, using=self._db)
