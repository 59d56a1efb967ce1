"""Tickets of customers, and what is said about them."""

from django.db import models


class Customer(models.Model):
    """A customer."""

    name = models.CharField(max_length=50)

    def __str__(self) -> str:
        return self.name


class Shop(models.Model):
    """A shop."""

    name = models.CharField(max_length=50)

    def __str__(self) -> str:
        return self.name


class Ticket(models.Model):
    """A ticket."""

    title = models.CharField(max_length=50)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="tickets")
    shop = models.ForeignKey(Shop, models.CASCADE, related_name="tickets")

    def __str__(self) -> str:
        return self.title


class Comment(models.Model):
    """What somebody said about a ticket."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="comments")
    author = models.ForeignKey(Customer, models.CASCADE, related_name="comments")
    text = models.CharField(max_length=50)
    is_public = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.text
