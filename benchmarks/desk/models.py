"""The tables: columns that a list shows, and columns that only a page about one row needs."""

from typing import Any, ClassVar

from django.db import models

from quell import needs


class Organization(models.Model):
    """A company whose people write tickets."""

    objects: ClassVar[models.Manager["Organization"]] = models.Manager()

    name = models.CharField(max_length=80)
    address = models.TextField()
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Person(models.Model):
    """Somebody who writes."""

    objects: ClassVar[models.Manager["Person"]] = models.Manager()

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="people")
    name = models.CharField(max_length=80)
    email = models.EmailField()
    phone = models.CharField(max_length=30)
    about = models.TextField()
    joined_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Agent(models.Model):
    """Somebody who answers."""

    objects: ClassVar[models.Manager["Agent"]] = models.Manager()

    person = models.OneToOneField(Person, models.CASCADE, related_name="agent")
    team = models.CharField(max_length=40)
    signature = models.TextField()

    def __str__(self) -> str:
        return self.team


class Category(models.Model):
    """What a ticket is about."""

    objects: ClassVar[models.Manager["Category"]] = models.Manager()

    slug = models.SlugField()
    description = models.TextField()

    def __str__(self) -> str:
        return self.slug


class Tag(models.Model):
    """A word to find tickets by."""

    objects: ClassVar[models.Manager["Tag"]] = models.Manager()

    name = models.CharField(max_length=40)
    description = models.TextField()

    class Meta:
        ordering = ("pk",)

    @needs("name")
    def __str__(self) -> str:
        return self.name


class Ticket(models.Model):
    """A request."""

    objects: ClassVar[models.Manager["Ticket"]] = models.Manager()
    # Without the settings of the benchmark nobody knows it.
    comments: Any

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="tickets")
    customer = models.ForeignKey(Person, models.CASCADE, related_name="tickets")
    agent = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="tickets")
    category = models.ForeignKey(Category, models.PROTECT, related_name="tickets")
    tags = models.ManyToManyField(Tag, related_name="tickets")
    subject = models.CharField(max_length=120)
    description = models.TextField()
    status = models.CharField(max_length=20)
    priority = models.CharField(max_length=20)
    channel = models.CharField(max_length=20)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.subject

    @property
    @needs("comments__author__name")
    def participants(self) -> list[str]:
        """Return the names of everybody who commented."""
        return sorted({comment.author.name for comment in self.comments.all()})


class Comment(models.Model):
    """An answer to a ticket."""

    objects: ClassVar[models.Manager["Comment"]] = models.Manager()

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="comments")
    author = models.ForeignKey(Person, models.CASCADE, related_name="comments")
    body = models.TextField()
    raw = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.body


class Attachment(models.Model):
    """A file of a ticket."""

    objects: ClassVar[models.Manager["Attachment"]] = models.Manager()

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="attachments")
    file_name = models.CharField(max_length=120)
    size = models.IntegerField()
    checksum = models.CharField(max_length=128)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.file_name
