"""System checks of the settings of quell, and of declared plans."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from django.apps import AppConfig, apps
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as CheckWarning

from quell.conf import PREFIX, get_settings, problem_of, setting_names
from quell.exceptions import QuellError, UsageError
from quell.findings import DOCS
from quell.loading.covering import WAY_OUT, coverages
from quell.loading.declared import wrong_plans
from quell.loading.recorded.setting import read_setting
from quell.loading.recorded.tables import check_plan
from quell.production.storing import open_store
from quell.silencing.names import check_names
from quell.silencing.patterns import parse, problems

_RECORD_HINT = (
    "Record it anew, or correct it in the file that QUELL_PLANS names; until then it is not applied."
)
_PLAN_HINT = "Correct it in fetch_plans of the model, the manager or the queryset."


@register("quell")
def check_settings(app_configs: Sequence[AppConfig] | None = None, **_: object) -> list[CheckMessage]:
    """
    Report each ``QUELL_*`` setting that is unknown (quell.E001), or has a wrong value or pattern (quell.E002).

    A pattern that names a model or a path which does not exist is a warning (quell.W001): some settings are shared.

    Cost: no query.
    """
    found: list[CheckMessage] = []
    names = setting_names()
    # A set, as dir() of overridden settings names the overridden ones twice.
    for name in sorted({name for name in dir(django_settings) if name.startswith(PREFIX)}):
        if name not in names:
            found.append(_unknown(name, names))
            continue
        problem = problem_of(name, getattr(django_settings, name))
        if problem:
            fact, hint = problem
            found.append(Error(f"{name} {fact}.", hint=_see(hint, "settings"), id="quell.E002"))
    found.extend(
        Error(f"{fact}.", hint=_see(hint, "settings"), id="quell.E002")
        for fact, hint in problems(get_settings().ignore)
    )
    found.extend(_unknown_names())
    return found


@register("quell")
def check_plans(app_configs: Sequence[AppConfig] | None = None, **_: object) -> list[CheckMessage]:
    """
    Report each declared fetch plan with a path, a column or a name that its model does not have (quell.E003).

    Cost: no query.
    """
    configs = app_configs if app_configs is not None else apps.get_app_configs()
    return [
        Error(
            f'The fetch plan "{name}" of {manager}: {error}',
            hint=_see(_PLAN_HINT, "loading"),
            obj=model,
            id="quell.E003",
        )
        for config in configs
        for model in config.get_models()
        for manager, name, error in wrong_plans(model)
    ]


@register("quell")
def check_recorded_plans(app_configs: Sequence[AppConfig] | None = None, **_: object) -> list[CheckMessage]:
    """
    Report a file in QUELL_PLANS that cannot be read (quell.E004).

    Each plan in it that its model cannot load is an error as well (quell.E005).

    Cost: no query.
    """
    try:
        plans = read_setting()
    except UsageError as error:
        return [
            Error(
                f"QUELL_PLANS: {error}",
                hint=_see("Until then no plan is applied.", "recording"),
                id="quell.E004",
            )
        ]
    found: list[CheckMessage] = []
    for origin, entry in plans.entries.items() if plans is not None else ():
        try:
            check_plan(origin, entry.recorded.plan)
        except QuellError as error:
            found.append(
                Error(f"The plan of {origin}: {error}", hint=_see(_RECORD_HINT, "recording"), id="quell.E005")
            )
    return found


@register("quell")
def check_store(app_configs: Sequence[AppConfig] | None = None, **_: object) -> list[CheckMessage]:
    """
    Report a QUELL_STORE that cannot be used here (quell.E006).

    Cost: no query, and no connection.
    """
    name = get_settings().store
    if not name:
        return []
    try:
        open_store(name)
    except UsageError as error:
        return [
            Error(
                str(error),
                hint=_see("Until then findings are folded nowhere.", "production"),
                id="quell.E006",
            )
        ]
    return []


@register("quell")
def check_views(app_configs: Sequence[AppConfig] | None = None, **_: object) -> list[CheckMessage]:
    """
    Report each view whose serializer reads what its declared plan does not load (quell.W002).

    Cost: no query.
    """
    if not getattr(django_settings, "ROOT_URLCONF", ""):
        return []
    return [
        CheckWarning(f"{found.problem}.", hint=_see(WAY_OUT, "loading"), obj=found.view, id="quell.W002")
        for found in coverages()
        if found.problem
    ]


def _see(hint: str, page: str) -> str:
    """Return a hint with the page that tells more."""
    return f"{hint} See {DOCS}{page}.html"


def _unknown_names() -> Iterator[CheckMessage]:
    """Yield a warning for each pattern whose model or path does not exist: it would silence nothing, ever."""
    for pattern in parse(get_settings().ignore):
        try:
            check_names(pattern.model, pattern.path)
        except UsageError as error:
            hint = "Correct it, or take the pattern out of the setting."
            yield CheckWarning(f"{pattern.source}: {error}", hint=_see(hint, "silencing"), id="quell.W001")


def _unknown(name: str, names: Sequence[str]) -> Error:
    # Without the prefix, which would make all names alike.
    close = get_close_matches(name.removeprefix(PREFIX), [item.removeprefix(PREFIX) for item in names], n=1)
    hint = f"Did you mean {PREFIX}{close[0]}?" if close else f"The settings of quell are {', '.join(names)}."
    return Error(f"{name} is not a setting of quell.", hint=_see(hint, "settings"), id="quell.E001")
