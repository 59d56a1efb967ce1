"""What is written where no plan can load a path."""

import pytest

import quell
from tests.scenarios import scenes_paths

pytestmark = [pytest.mark.usefixtures("library"), pytest.mark.django_db(databases=["default", "other"])]


def test_generic_key_to_unlike_models_is_loaded_by_model() -> None:
    """Only the models that have the relation load it: a plain lookup would raise for the others."""
    with quell.watch() as watch:
        scenes_paths.behind_generic_keys_to_unlike_models()

    found = {finding.path: finding for finding in watch.findings}
    assert found["content_object__editor"].plan is None
    assert found["content_object__editor"].suggestion == (
        '.prefetch_related(GenericPrefetch("content_object", [Book.objects.select_related("editor")]))'
    )


def test_filtered_relation_is_joined_beyond() -> None:
    """Django prefetches nothing through one, so the suggestion is a join."""
    with quell.watch() as watch:
        scenes_paths.behind_a_filtered_relation()

    (finding,) = watch.findings
    assert finding.plan is None
    assert finding.suggestion == '.select_related("liked__country")'
