"""Settings: read at call time, with defaults that survive wrong values."""

import subprocess
import sys
from dataclasses import fields
from typing import Any

import pytest
from django.test import override_settings

from quell.conf import PREFIX, Settings, get_settings, override, problem_of, setting_names

EXAMPLES: dict[str, object] = {
    "lineage_threshold": 5,
    "loop_threshold": 7,
    "max_events": 10,
    "wide_column_share": 0.25,
    "libraries": ["mylib"],
    "on_error": "log",
    "sample_urls": ["/a/"],
    "profile_exclude": ("^/admin/",),
    "plans": "plans.json",
    "service_connections": 4,
    "baseline": "quell/known.json",
    "transaction_hygiene": True,
    "long_transaction_ms": 250.5,
    "sample_rate": {"^/api/": 0.5, "": 0.01},
    "budget_share": 0.02,
    "log_seconds": 60,
    "store": "redis://localhost:6379/0",
    "store_seconds": 0.5,
    "release": "2026.11",
    "sql_comments": True,
    "ignore": ["Q104", {"code": "Q101", "model": "admin.*"}],
}


def test_every_setting_has_an_example() -> None:
    """The tests below cover each setting."""
    assert set(EXAMPLES) == {item.name for item in fields(Settings)}
    assert setting_names() == tuple(sorted(f"{PREFIX}{name.upper()}" for name in EXAMPLES))


@pytest.mark.parametrize("name", EXAMPLES)
def test_setting_is_read_at_call_time(name: str) -> None:
    """An override counts inside its block, and no longer."""
    before = getattr(get_settings(), name)

    with override_settings(**{PREFIX + name.upper(): EXAMPLES[name]}):
        assert getattr(get_settings(), name) == EXAMPLES[name]
    assert getattr(get_settings(), name) == before


@pytest.mark.parametrize("item", fields(Settings), ids=lambda item: str(item.name))
def test_default_is_right(item: Any) -> None:
    """No default breaks its own rule."""
    assert problem_of(PREFIX + item.name.upper(), item.default) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("loop_threshold", 1),
        ("loop_threshold", True),
        ("max_events", "many"),
        ("wide_column_share", 2),
        ("wide_column_share", True),
        ("libraries", "mylib"),
        ("on_error", []),
        ("transaction_hygiene", "no"),
        ("long_transaction_ms", 0),
        ("ignore", "Q101"),
        ("baseline", None),
        ("sample_rate", 1.5),
        ("sample_rate", {"(": 0.5}),
        ("sample_rate", {"^/": 2}),
        ("budget_share", -0.1),
        ("log_seconds", -1),
        ("store", "redis"),
        ("store_seconds", 0),
        ("release", 7),
        ("sql_comments", "yes"),
    ],
)
def test_wrong_value_keeps_the_default(name: str, value: object) -> None:
    """The checks report it; the application runs on."""
    with override_settings(**{PREFIX + name.upper(): value}):
        assert getattr(get_settings(), name) == Settings.__dataclass_fields__[name].default


def test_override_nests_and_restores() -> None:
    """Code without a test case changes settings as well, also when its block fails."""
    with override(loop_threshold=9), override(max_events=1):
        assert (get_settings().loop_threshold, get_settings().max_events) == (9, 1)
    with pytest.raises(ZeroDivisionError), override(loop_threshold=9):
        1 / 0  # noqa: B018
    assert get_settings().loop_threshold == Settings().loop_threshold
    with pytest.raises(TypeError), override(no_such_setting=1):
        pass


def test_settings_work_before_django_is_configured() -> None:
    """A plain script gets the defaults, and its own settings as soon as there are some."""
    code = (
        "from quell.conf import get_settings\n"
        "assert get_settings().loop_threshold == 3\n"
        "from django.conf import settings\n"
        "settings.configure(QUELL_LOOP_THRESHOLD=4)\n"
        "assert get_settings().loop_threshold == 4\n"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}

    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
