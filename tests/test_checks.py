"""System checks of the settings."""

import inspect
import re
from pathlib import Path

import pytest
from django.core import checks
from django.test import override_settings

import quell.checks
from quell.checks import check_settings

DOCS = Path(__file__).parent.parent / "docs"


def test_checks_are_registered_and_silent() -> None:
    """The app registers them, and the settings of the test project are right."""
    assert checks.run_checks(tags=["quell"]) == []
    assert check_settings in checks.registry.registry.get_checks()


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("QUELL_LOOP_TRESHOLD", "Did you mean QUELL_LOOP_THRESHOLD?"),
        ("QUELL_X", "The settings of quell are QUELL_"),
    ],
)
def test_unknown_setting_is_an_error(name: str, hint: str) -> None:
    """quell.E001 names the closest match, or all settings."""
    with override_settings(**{name: 1}):
        (found,) = checks.run_checks(tags=["quell"])

    assert (found.id, found.msg) == ("quell.E001", f"{name} is not a setting of quell.")
    assert str(found.hint).startswith(hint)


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("QUELL_LINEAGE_THRESHOLD", 1, "a whole number, 2 or more"),
        ("QUELL_LOOP_THRESHOLD", "3", "a whole number, 2 or more"),
        ("QUELL_MAX_EVENTS", 0, "a whole number, 1 or more"),
        ("QUELL_LIBRARIES", "mylib", "a list or tuple of texts"),
        ("QUELL_ON_ERROR", "ignore", '"log" or "raise"'),
        ("QUELL_SAMPLE_URLS", 3, "a list of URLs"),
        ("QUELL_PROFILE_EXCLUDE", [1], "a list or tuple of texts"),
        ("QUELL_IGNORE", "Q101", "a list or tuple of patterns"),
        ("QUELL_BASELINE", 3, "the path of a file"),
    ],
)
def test_wrong_setting_is_an_error(name: str, value: object, wanted: str) -> None:
    """quell.E002 tells the fact and what to do."""
    with override_settings(**{name: value}):
        (found,) = checks.run_checks(tags=["quell"])

    assert found.id == "quell.E002"
    assert f"{name} is {value!r}, which is not {wanted}" in str(found.msg)
    assert str(found.hint).startswith(f"Set it to {wanted}")


@pytest.mark.parametrize(
    ("pattern", "fact", "hint"),
    [
        ("Q1O1", "QUELL_IGNORE[1] names the unknown code 'Q1O1'.", 'Did you mean "Q101"?'),
        ("n+1", "QUELL_IGNORE[1] names the unknown code 'n+1'.", "The codes of quell are Q101, "),
        ({"code": "n-plus-one"}, "QUELL_IGNORE[1] names the unknown code 'n-plus-one'.", '"n_plus_one"'),
        ({"code": ["Q101", 7]}, "QUELL_IGNORE[1] names the unknown code 7.", ""),
        ({"modle": "a.B"}, "QUELL_IGNORE[1] has the unknown key 'modle'.", 'Did you mean "model"?'),
        ({"model": ""}, "QUELL_IGNORE[1][\"model\"] is '', which is no text.", "Write a text"),
        ({"file": 3}, 'QUELL_IGNORE[1]["file"] is 3, which is no text.', "Write a text"),
        ({"reason": "all"}, "QUELL_IGNORE[1] would silence everything.", "Name at least one of code, model"),
        ({}, "QUELL_IGNORE[1] would silence everything.", "Name at least one of code, model"),
        (101, "QUELL_IGNORE[1] is 101, which is no pattern.", 'Write "Q101", or '),
    ],
)
def test_wrong_pattern_is_an_error(pattern: object, fact: str, hint: str) -> None:
    """quell.E002 names the entry of QUELL_IGNORE, and the closest match."""
    with override_settings(QUELL_IGNORE=["Q104", pattern]):
        found = checks.run_checks(tags=["quell"])

    assert (found[0].id, found[0].msg) == ("quell.E002", fact)
    assert hint in str(found[0].hint)


@pytest.mark.parametrize(
    ("pattern", "fact"),
    [
        ({"model": "library.Bok"}, 'there is no model "library.Bok". Did you mean "library.Book"?'),
        ({"model": "libary.*"}, 'no model matches "libary.*". Did you mean "library.'),
        (
            {"model": "library.Book", "path": "autor"},
            'library.Book has no relation "autor"; did you mean "author"?',
        ),
    ],
)
def test_pattern_of_an_unknown_model_is_a_warning(pattern: object, fact: str) -> None:
    """quell.W001 names the entry and the closest match; patterns of what exists are silent."""
    right = [
        {"model": "library.*"},
        {"model": "library.Book", "path": "author__country"},
        {"path": "anything"},
    ]
    with override_settings(QUELL_IGNORE=[*right, pattern]):
        (found,) = checks.run_checks(tags=["quell"])

    assert found.id == "quell.W001"
    assert found.msg.startswith(f"QUELL_IGNORE[3]: {fact}")


def test_each_check_names_a_page_of_the_documentation() -> None:
    """What a message leaves open is told there."""
    source = Path(inspect.getfile(quell.checks)).read_text()
    pages = re.findall(r'_see\(.*?"(\w+)"\s*\)', source)

    assert source.count('id="quell.') == len(pages)
    assert {page for page in pages if not (DOCS / f"{page}.md").exists()} == set()

    with override_settings(QUELL_SMAPLE_RATE=1):
        (found,) = checks.run_checks(tags=["quell"])

    assert str(found.hint).endswith(" See https://django-quell.readthedocs.io/en/stable/settings.html")
