"""Findings of all processes, with the numbers of many requests."""

from django.db import models
from django.utils.translation import gettext_lazy as _

STEPS = (("hour", _("hour")), ("day", _("day")))


class StoredFinding(models.Model):
    """
    One finding on one endpoint; ``key`` is that of its ``Facts``.

    The texts are those of the request that was folded last.
    """

    key = models.CharField(max_length=32, unique=True, editable=False)
    fingerprint = models.CharField(_("fingerprint"), max_length=16, db_index=True)
    endpoint = models.CharField(_("endpoint"), max_length=500, db_index=True)
    code = models.CharField(_("code"), max_length=8, db_index=True)
    kind = models.CharField(_("kind"), max_length=40)
    level = models.CharField(_("level"), max_length=10)
    model = models.CharField(_("model"), max_length=200, blank=True)
    path = models.CharField(_("path"), max_length=500, blank=True)
    origin = models.CharField(_("call site"), max_length=500, blank=True, db_index=True)
    function = models.CharField(_("function"), max_length=300, blank=True)
    anchor = models.TextField(blank=True, editable=False)
    trigger = models.CharField(_("caused by"), max_length=500, blank=True)
    place = models.CharField(_("place"), max_length=300, blank=True)
    suggestion = models.TextField(_("fix"), blank=True)
    message = models.TextField(_("what happened"), blank=True)
    request_count = models.PositiveBigIntegerField(_("requests"), default=0)
    query_count = models.PositiveBigIntegerField(_("queries"), default=0)
    saved_count = models.PositiveBigIntegerField(_("needless queries"), default=0)
    worst_count = models.PositiveBigIntegerField(_("most queries in a request"), default=0)
    first_seen = models.DateTimeField(_("first seen"))
    last_seen = models.DateTimeField(_("last seen"), db_index=True)
    first_release = models.CharField(_("since release"), max_length=100, blank=True, db_index=True)
    last_release = models.CharField(_("last release"), max_length=100, blank=True)

    class Meta:
        ordering = ("-saved_count", "pk")
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        permissions = (("read_source", _("Can see source code in the fixes of findings")),)

    def __str__(self) -> str:
        return f"{self.code} {self.model} {self.path}".strip()


class FindingTrend(models.Model):
    """The numbers of a finding in one hour or one day, in UTC."""

    finding = models.ForeignKey(StoredFinding, on_delete=models.CASCADE, related_name="trend")
    step = models.CharField(max_length=4, choices=STEPS)
    start = models.DateTimeField()
    request_count = models.PositiveBigIntegerField(default=0)
    saved_count = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("trend of a finding")
        verbose_name_plural = _("trends of findings")
        constraints = (
            models.UniqueConstraint(fields=["finding", "step", "start"], name="quell_store_trend_once"),
        )
        indexes = (models.Index(fields=["step", "start"], name="quell_store_trend_old"),)

    def __str__(self) -> str:
        return f"{self.get_step_display()} {self.start:%Y-%m-%d %H:%M}"


class FoldedBatch(models.Model):
    """A batch that was folded, so that it is not folded again where its process did not hear of it; kept for a day."""

    number = models.CharField(max_length=32, primary_key=True)
    folded_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("folded batch")
        verbose_name_plural = _("folded batches")

    def __str__(self) -> str:
        return self.number
