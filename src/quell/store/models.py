"""The rows of quell: results of services, kept for the next call with the same key, and what other modules hold."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from quell.store.findings import FindingTrend, FoldedBatch, StoredFinding
from quell.store.messages import OutboxMessage

__all__ = ["FindingTrend", "FoldedBatch", "IdempotentCall", "OutboxMessage", "StoredFinding"]


class IdempotentCall(models.Model):
    """
    One call of a service that ran, written in its own transaction.

    ``token`` tells the call that made the row from those that found it. Rows are never deleted by quell: how long an
    equal call may come after the first is for the project to say.
    """

    service = models.CharField(max_length=200)
    key = models.CharField(max_length=200)
    token = models.UUIDField()
    result = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("call with a key")
        verbose_name_plural = _("calls with a key")
        constraints = (models.UniqueConstraint(fields=["service", "key"], name="quell_store_call_once"),)

    def __str__(self) -> str:
        return f"{self.service} {self.key}"
