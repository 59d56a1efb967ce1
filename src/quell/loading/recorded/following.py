"""Follows ``QUELL_PLANS``; whoever sets none pays for the look at the setting alone."""

from django.core.signals import setting_changed

from quell.conf import get_settings


def start() -> None:
    """Apply the plans of the setting, and follow it when a test overrides it."""
    if get_settings().plans:
        _apply()
    setting_changed.connect(_see_setting, dispatch_uid="quell.loading.recorded.following")


def _see_setting(*, setting: str, **_: object) -> None:
    if setting == "QUELL_PLANS":
        _apply()


def _apply() -> None:
    from quell.loading.recorded.setting import apply_setting

    apply_setting()
