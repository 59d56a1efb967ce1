"""The imports that new code needs, given and expected."""

from pathlib import Path

import pytest

from quell.management.fixing.imports import Imports
from quell.management.fixing.source import CannotFixError, Source, apply_edits
from quell.management.fixing.tree import Tree, chains

CODE = 'Prefetch("reviews", queryset=Review.objects.filter(stars__gt=Count("pk")), to_attr="good")'


def _imported(given: str, code: str = CODE, names: dict[str, object] | None = None) -> tuple[str, str]:
    """Return the code as it is spelled, and the module with what it needs."""
    text = f"{given}\n\ndef view():\n    return Book.objects.all()\n"
    tree = Tree(Source(Path("/nowhere/views.py"), text))
    imports = Imports(tree, names or {})
    place = next(chain.node for chain in chains(tree) if "objects" in chain.names)
    spelled = imports.spell(code, place, {})
    return spelled, apply_edits(text, imports.edits()).partition("\n\ndef view")[0]


CASES = {
    "beside others of the package": (
        "from django.http import HttpRequest\nfrom django.shortcuts import render",
        "from django.db.models import Count, Prefetch\nfrom django.http import HttpRequest\n"
        "from django.shortcuts import render\nfrom tests.library.models import Review",
    ),
    "into an import of the same module": (
        "from django.db.models import Avg, Model, Q\nfrom tests.library.models import Book",
        "from django.db.models import Avg, Count, Model, Prefetch, Q\nfrom tests.library.models import Book, Review",
    ),
    "into an import over lines": (
        "from django.db.models import (\n    Avg,\n    Model,\n    Q,  # or\n)\n"
        "from tests.library.models import Review",
        "from django.db.models import (\n    Avg,\n    Count,\n    Model,\n    Prefetch,\n    Q,  # or\n)\n"
        "from tests.library.models import Review",
    ),
    "behind the future": (
        "from __future__ import annotations",
        "from __future__ import annotations\n\nfrom django.db.models import Count, Prefetch\n"
        "\nfrom tests.library.models import Review",
    ),
    "behind a docstring": (
        '"""Views."""',
        '"""Views."""\n\nfrom django.db.models import Count, Prefetch\n\nfrom tests.library.models import Review',
    ),
    "nothing where all is there": (
        "from django.db.models import Count, Prefetch\nfrom tests.library.models import Review",
        "from django.db.models import Count, Prefetch\nfrom tests.library.models import Review",
    ),
    "what only a type checker imports": (
        "from django.db.models import Count, Prefetch\nif TYPE_CHECKING:\n    from tests.library.models import Review",
        "from django.db.models import Count, Prefetch\nfrom tests.library.models import Review\n"
        "if TYPE_CHECKING:\n    from tests.library.models import Review",
    ),
}


@pytest.mark.parametrize(("given", "expected"), CASES.values(), ids=CASES)
def test_imports_what_is_missing(given: str, expected: str) -> None:
    """A name that is not there is imported, beside what is imported already."""
    spelled, text = _imported(given)
    assert text == expected
    assert spelled == CODE


def test_imports_spell_names_of_a_module_that_is_imported() -> None:
    """``models.Prefetch`` needs no import where ``models`` is there."""
    spelled, text = _imported("from django.db import models\nfrom tests.library.models import Review")
    assert spelled == CODE.replace("Prefetch(", "models.Prefetch(").replace("Count(", "models.Count(")
    assert text == "from django.db import models\nfrom tests.library.models import Review"


def test_imports_spell_names_through_an_alias() -> None:
    """The name of the module is the one that the file gave it."""
    spelled, _ = _imported("import django.db.models as orm\nfrom tests.library.models import Review")
    assert spelled.startswith('orm.Prefetch("reviews"')


def test_imports_refuse_a_name_that_means_something_else() -> None:
    """A function called like a class of Django is not that class."""
    with pytest.raises(CannotFixError, match="Prefetch means something else in this file"):
        _imported("def Prefetch(): ...\nfrom tests.library.models import Review")


def test_imports_refuse_a_local_variable() -> None:
    """A variable of the function that builds the queryset hides what is imported."""
    text = "def view():\n    Count = 1\n    return Book.objects.all()\n"
    tree = Tree(Source(Path("/nowhere/views.py"), text))
    place = next(chain.node for chain in chains(tree))
    with pytest.raises(CannotFixError, match="Count is a variable of the function"):
        Imports(tree, {}).spell('Count("pk")', place, {})


def test_imports_refuse_a_name_that_several_models_have() -> None:
    """Which of two models of one name is meant is not guessed."""
    with pytest.raises(CannotFixError, match="several models are called Ticket"):
        _imported("", "Exists(Ticket.objects.all())")


def test_imports_refuse_a_name_that_nobody_knows() -> None:
    """What is neither Django's nor a model has to come from the module that asks."""
    with pytest.raises(CannotFixError, match="nothing is known that is called MIN_STARS"):
        _imported("", "Q(stars__gt=MIN_STARS)")


def test_imports_that_are_too_long_become_lines() -> None:
    """An import that would be too long has a line for each name."""
    given = "from django.db.models import Avg, BooleanField, CharField, IntegerField, Max, Min, Value"
    _, text = _imported(given, 'Prefetch("reviews")')
    assert text.startswith("from django.db.models import (\n    Avg,\n    BooleanField,")
    assert text.endswith("    Prefetch,\n    Value,\n)")
