"""A small help desk: enough columns and relations to be like a real project's."""

from typing import ClassVar

from django.db import models


class Customer(models.Model):
    """Somebody who writes tickets."""

    objects: ClassVar[models.Manager["Customer"]] = models.Manager()

    name = models.CharField(max_length=80)
    email = models.EmailField()
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class Tag(models.Model):
    """A label of tickets."""

    objects: ClassVar[models.Manager["Tag"]] = models.Manager()

    name = models.CharField(max_length=40)

    def __str__(self) -> str:
        return self.name


class Ticket(models.Model):
    """A request of a customer."""

    objects: ClassVar[models.Manager["Ticket"]] = models.Manager()

    customer = models.ForeignKey(Customer, models.CASCADE)
    tags = models.ManyToManyField(Tag)
    title = models.CharField(max_length=120)
    state = models.CharField(max_length=20)
    priority = models.IntegerField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.title


class Comment(models.Model):
    """An answer to a ticket."""

    objects: ClassVar[models.Manager["Comment"]] = models.Manager()

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="comments")
    body = models.TextField()

    def __str__(self) -> str:
        return self.body
