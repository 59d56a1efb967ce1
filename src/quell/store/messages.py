"""Calls that must not be lost, kept until they were made."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class OutboxMessage(models.Model):
    """
    One call of a function, written in the transaction that it belongs to and deleted when the call returned.

    Nobody takes it before ``due_at``. One with ``failed_at`` is dead: it failed too often, and waits for somebody who
    looks at ``error``.
    """

    function = models.CharField(max_length=200)
    arguments = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now, db_index=True)
    tries = models.PositiveIntegerField(default=0)
    failed_at = models.DateTimeField(null=True, db_index=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = _("message of the outbox")
        verbose_name_plural = _("messages of the outbox")

    def __str__(self) -> str:
        return f"{self.function} {self.pk}"
