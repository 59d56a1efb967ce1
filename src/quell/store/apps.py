"""The application ``quell.store``."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StoreConfig(AppConfig):
    """Holds results of services with an ``idempotency_key``, calls of ``outbox()``, and findings that were folded."""

    name = "quell.store"
    label = "quell_store"
    verbose_name = _("quell store")
    default_auto_field = "django.db.models.BigAutoField"
