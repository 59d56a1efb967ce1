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


class NarrowParent(models.Model):
    """A row of two columns."""

    objects: ClassVar[models.Manager["NarrowParent"]] = models.Manager()

    name = models.CharField(max_length=80)

    def __str__(self) -> str:
        return self.name


class WideParent(models.Model):
    """A row of twelve columns, one of them a text of two kilobytes."""

    objects: ClassVar[models.Manager["WideParent"]] = models.Manager()

    text = models.TextField()
    column_0 = models.CharField(max_length=80)
    column_1 = models.CharField(max_length=80)
    column_2 = models.CharField(max_length=80)
    column_3 = models.CharField(max_length=80)
    column_4 = models.CharField(max_length=80)
    column_5 = models.CharField(max_length=80)
    column_6 = models.CharField(max_length=80)
    column_7 = models.CharField(max_length=80)
    column_8 = models.CharField(max_length=80)
    column_9 = models.CharField(max_length=80)

    def __str__(self) -> str:
        return self.column_0


class JoinedChild(models.Model):
    """A row with two parents; ``cell`` says which measurement it belongs to."""

    objects: ClassVar[models.Manager["JoinedChild"]] = models.Manager()

    cell = models.IntegerField(db_index=True)
    title = models.CharField(max_length=120)
    narrow = models.ForeignKey(NarrowParent, models.CASCADE)
    wide = models.ForeignKey(WideParent, models.CASCADE)

    def __str__(self) -> str:
        return self.title


class CountedTicket(models.Model):
    """A ticket that is counted: by indexed columns of any selectivity, and by others."""

    objects: ClassVar[models.Manager["CountedTicket"]] = models.Manager()

    organization = models.IntegerField(db_index=True)
    status = models.CharField(max_length=20, db_index=True)
    # From 0 to 99,999, each as often as any other.
    number = models.IntegerField(db_index=True)
    priority = models.CharField(max_length=10)
    channel = models.CharField(max_length=10)
    minutes = models.IntegerField()
    note = models.CharField(max_length=160)

    def __str__(self) -> str:
        return self.status
