"""The Django application of quell; it has no models."""

from importlib import import_module

from django.apps import AppConfig
from django.core.signals import setting_changed
from django.utils.translation import gettext_lazy as _

from quell.conf import get_settings


class QuellConfig(AppConfig):
    """Registers the checks of the settings, applies recorded plans, and folds findings into a store."""

    name = "quell"
    label = "quell"
    verbose_name = _("quell")

    def ready(self) -> None:
        """Register the checks, which importing the module does, and begin what settings ask for."""
        import_module("quell.checks")
        if get_settings().plans:
            _apply_plans()
        if get_settings().store:
            _connect_store()
        if get_settings().sql_comments:
            _comment()
        setting_changed.connect(_see_setting, dispatch_uid="quell.apps")


def _see_setting(*, setting: str, **_: object) -> None:
    if setting == "QUELL_PLANS":
        _apply_plans()
    elif setting in {"QUELL_STORE", "QUELL_STORE_SECONDS"}:
        _connect_store()
    elif setting == "QUELL_SQL_COMMENTS":
        _comment()


def _apply_plans() -> None:
    # Whoever sets none needs nothing of what loads them.
    from quell.loading.recorded.setting import apply_setting

    apply_setting()


def _connect_store() -> None:
    from quell.production.storing import connect_or_log

    connect_or_log()


def _comment() -> None:
    from quell.production.comments import install

    install(is_on=get_settings().sql_comments)
