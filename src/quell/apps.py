"""The Django application of quell; it has no models."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from quell.loading.recorded.following import start


class QuellConfig(AppConfig):
    """Registers the checks of the settings, and applies recorded plans."""

    name = "quell"
    label = "quell"
    verbose_name = _("quell")

    def ready(self) -> None:
        """Register the checks, which importing the module does, and apply the plans of ``QUELL_PLANS``."""
        import_module("quell.checks")
        start()
