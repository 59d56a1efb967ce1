"""Articles and what belongs to them."""

from typing import Any

from django.db import models
from django.db.models.signals import post_init


class Handle(models.Model):
    """A name that others point to; it is long, though MariaDB takes no text of any length as a key."""

    text = models.CharField(max_length=200, unique=True)
    note = models.TextField(default="")


class Writer(models.Model):
    """Somebody who writes; the handle is found by its text."""

    name = models.CharField(max_length=50)
    bio = models.TextField(default="")
    handle = models.ForeignKey(Handle, models.CASCADE, to_field="text", related_name="writers")

    def __str__(self) -> str:
        return self.name


class Article(models.Model):
    """An article, with a column of each wide type, and a long one of a type that is not."""

    title = models.CharField(max_length=50)
    body = models.TextField(default="")
    facts = models.JSONField(default=dict)
    scan = models.BinaryField(default=b"")
    summary = models.CharField(max_length=2000, default="")
    words = models.IntegerField(default=0)
    writer = models.ForeignKey(Writer, models.CASCADE, null=True, related_name="articles")

    def __str__(self) -> str:
        return self.title


class Headline(Article):
    """An article by another name."""

    class Meta:
        proxy = True


class Essay(Article):
    """An article with a table of its own."""

    afterword = models.TextField(default="")


class Comment(models.Model):
    """What somebody says about an article; its key is a long text."""

    key = models.CharField(max_length=200, primary_key=True)
    article = models.ForeignKey(Article, models.CASCADE, related_name="comments")
    stars = models.IntegerField(default=0)
    text = models.TextField(default="")


class Tracked(models.Model):
    """A row that reads one column while it is made, and another when that is done."""

    title = models.CharField(max_length=50)
    body = models.TextField(default="")
    notes = models.TextField(default="")
    extra = models.TextField(default="")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.length = len(self.body)

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> "Tracked":
        """Read the extra text of a row that was loaded."""
        row = super().from_db(*args, **kwargs)
        row.extra_length = len(row.extra)  # type: ignore[attr-defined]  # a plain attribute
        return row


def _remember(instance: Tracked, **_: object) -> None:
    instance.notes_length = len(instance.notes)  # type: ignore[attr-defined]  # a plain attribute


post_init.connect(_remember, sender=Tracked)
