"""The settings of the tests, with one other tool installed; ``QUELL_NEIGHBOUR`` names it."""

import os

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS as _APPS
from tests.settings import TEMPLATES

NEIGHBOUR = os.environ.get("QUELL_NEIGHBOUR", "")
_OURS = "quell.middleware.QuellMiddleware"
# What each adds: applications, and its middleware where it works by one.
NEIGHBOURS: dict[str, tuple[list[str], str]] = {
    "": ([], ""),
    "auto_prefetch": (["tests.coexistence.prefetched"], ""),
    "debug_toolbar": (
        ["django.contrib.staticfiles", "debug_toolbar"],
        "debug_toolbar.middleware.DebugToolbarMiddleware",
    ),
    "nplusone": ([], "nplusone.ext.django.middleware.NPlusOneMiddleware"),
    "silk": (["silk"], "silk.middleware.SilkyMiddleware"),
    "zeal": (["zeal"], "zeal.middleware.zeal_middleware"),
}
_apps, MIDDLEWARE_OF_NEIGHBOUR = NEIGHBOURS[NEIGHBOUR]

INSTALLED_APPS = [*_APPS, *_apps]
# Both orders, and each alone; a request says by its path which one it means.
ORDERS = {
    "ours": [_OURS],
    "theirs": [MIDDLEWARE_OF_NEIGHBOUR],
    "ours_outside": [_OURS, MIDDLEWARE_OF_NEIGHBOUR],
    "theirs_outside": [MIDDLEWARE_OF_NEIGHBOUR, _OURS],
}
ROOT_URLCONF = "tests.coexistence.urls"
TEMPLATES[0]["OPTIONS"]["context_processors"] += ["django.template.context_processors.debug"]  # type: ignore[index]  # a dict of mixed values

DEBUG_TOOLBAR_CONFIG = {"SHOW_TOOLBAR_CALLBACK": "tests.coexistence.urls.always"}
SILKY_MAX_RECORDED_REQUESTS_CHECK_PERCENT = 0
ZEAL_RAISE = False
