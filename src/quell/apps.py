"""The Django application of quell; it has no models."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class QuellConfig(AppConfig):
    """Registers the checks of the settings."""

    name = "quell"
    label = "quell"
    verbose_name = _("quell")

    def ready(self) -> None:
        """Register the checks: importing the module does it."""
        import_module("quell.checks")
