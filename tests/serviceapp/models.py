"""Rows that must change together or not at all."""

from django.db import models


class Account(models.Model):
    """Money; it is conserved, and never negative."""

    name = models.CharField(max_length=40, unique=True)
    balance = models.IntegerField(default=0)
    settings = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.name


class Entry(models.Model):
    """One change of a balance."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="entries")
    amount = models.IntegerField()
    text = models.CharField(max_length=100, blank=True)

    def __str__(self) -> str:
        return f"{self.amount} {self.text}"


class Savings(Account):
    """An account with a rate: its row has a parent."""

    rate = models.IntegerField(default=1)


class Holding(models.Model):
    """A row whose key is made of two columns."""

    pk = models.CompositePrimaryKey("bank", "number")
    bank = models.IntegerField()
    number = models.IntegerField()
    amount = models.IntegerField(default=0)
