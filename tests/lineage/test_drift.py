"""The internals that the hooks rely on are those that somebody looked at."""

import pytest

from quell.lineage import _patches, _patches_ondemand, _patches_plans
from tests.lineage.upstream import DJANGO, hashes, recorded, version_keys

_INSTRUCTION = (
    "Read the diff of each symbol against the last version in tests/lineage/upstream.json, check that the "
    "hooks in src/quell/lineage and src/quell/capture still hold, and record it: "
    "DJANGO_SETTINGS_MODULE=tests.settings python -m tests.lineage.upstream"
)


@pytest.mark.parametrize("key", version_keys())
def test_upstream_sources_are_those_that_were_reviewed(key: str) -> None:
    """A new version of Django, asgiref or Python, or a changed internal of a known one, fails here."""
    known = recorded().get(key)
    if known is None:
        pytest.fail(f"Nobody has reviewed {key} yet. {_INSTRUCTION}")
    found = hashes(version_keys()[key])
    changed = sorted(name for name in {*known, *found} if known.get(name) != found.get(name))

    assert not changed, f"{key} has changed: {', '.join(changed)}. {_INSTRUCTION}"


def test_every_patched_name_is_reviewed() -> None:
    """The source of what is patched is pinned, but for the module that is replaced whole and what is added."""
    pinned = {
        f"{module}.{name}"
        for symbols in version_keys().values()
        for module, names in symbols.items()
        for name in names
    }
    pinned |= {name.rpartition(".")[0] for name in pinned}
    patched = {
        f"{patch.owner.__module__}.{patch.owner.__qualname__}.{patch.name}"
        if isinstance(patch.owner, type)
        else f"{patch.owner.__name__}.{patch.name}"
        for patch in (
            *_patches.PATCHES,
            *_patches.ANSWER_PATCHES,
            *_patches.PROFILE_PATCHES,
            *_patches_ondemand.ONDEMAND_PATCHES,
            *_patches_ondemand.generic_patches(),
            *_patches_plans.PLAN_PATCHES,
        )
        if not patch.is_addition
    }

    whole = {
        "asgiref.sync.SyncToAsync.__call__": "asgiref.sync.SyncToAsync",
        "django.db.backends.utils.CursorDebugWrapper.debug_sql": "django.db.backends.utils.CursorDebugWrapper",
    }
    missing = {name for name in patched if whole.get(name, name) not in pinned}
    assert missing == {"django.db.models.query.sql"}


def test_every_relied_symbol_exists_in_some_version() -> None:
    """A misspelt symbol would pin nothing."""
    versions = [symbols for key, symbols in recorded().items() if key.startswith("django")]

    assert {name for symbols in versions for name, value in symbols.items() if value} == {
        f"{module}.{name}" for module, names in DJANGO.items() for name in names
    }
