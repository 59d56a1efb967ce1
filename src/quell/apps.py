"""The Django application of quell; it has no models."""

from importlib import import_module

from django.apps import AppConfig
from django.core.signals import setting_changed
from django.utils.translation import gettext_lazy as _

from quell.conf import get_settings


class QuellConfig(AppConfig):
    """Registers the checks of the settings, and applies recorded plans."""

    name = "quell"
    label = "quell"
    verbose_name = _("quell")

    def ready(self) -> None:
        """Register the checks, which importing the module does, and apply the plans of ``QUELL_PLANS``."""
        import_module("quell.checks")
        if get_settings().plans:
            _apply_plans()
        setting_changed.connect(_see_setting, dispatch_uid="quell.apps")


def _see_setting(*, setting: str, **_: object) -> None:
    if setting == "QUELL_PLANS":
        _apply_plans()


def _apply_plans() -> None:
    # Whoever sets none needs nothing of what loads them.
    from quell.loading.recorded.setting import apply_setting

    apply_setting()
