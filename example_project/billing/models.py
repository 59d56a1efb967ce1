"""Installments."""

from __future__ import annotations

from django.db import models

from organizations.models import Organization


class Installment(models.Model):
    """One part of what an organization owes, due on one day."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="installments")
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    due_date = models.DateField()
    is_paid = models.BooleanField(default=False)

    class Meta:
        ordering = ("due_date", "pk")
        indexes = (models.Index(fields=("due_date",), name="installment_due_idx"),)

    def __str__(self) -> str:
        return f"{self.amount} due on {self.due_date:%d.%m.%Y}"
