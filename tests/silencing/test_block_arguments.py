"""What ``quell.ignore()`` refuses, and what it takes."""

import pytest
from django.apps import apps

import quell
from quell.exceptions import UsageError
from tests.library.models import Book


@pytest.mark.parametrize(
    ("codes", "arguments", "message"),
    [
        ((), {}, 'needs at least one code, such as quell.ignore("Q101")'),
        (("Q1O1",), {}, 'knows no code "Q1O1". Did you mean "Q101"?'),
        (("n_plus_1",), {}, 'knows no code "n_plus_1". Did you mean "n_plus_one"?'),
        (("q102",), {}, 'knows no code "q102". Did you mean "Q102"?'),
        ((101,), {}, "takes codes as texts"),
        (
            ("Q101",),
            {"model": "library.Bok"},
            'quell.ignore(): there is no model "library.Bok". Did you mean "library.Book"?',
        ),
        (("Q101",), {"model": "libary.*"}, 'no model matches "libary.*". Did you mean "library.'),
        (("Q101",), {"model": Book, "path": "autor"}, 'has no relation "autor"; did you mean "author"?'),
        (("Q101",), {"model": Book, "path": "author__contry"}, 'did you mean "country"?'),
    ],
)
def test_bad_argument_names_the_closest_match(
    codes: tuple[str, ...], arguments: dict[str, str], message: str
) -> None:
    """A misspelt code, model or path silences nothing for ever, so it is an error at once."""
    with pytest.raises(UsageError) as caught:
        quell.ignore(*codes, **arguments)

    assert message in str(caught.value)


@pytest.mark.parametrize(
    "path", ["author__country", "text", "reviews", "author__name", "notes__content_object"]
)
def test_paths_that_exist_are_accepted(path: str) -> None:
    """Relations in both directions, columns, and what lies behind a generic key: only the misspelt path raises."""
    assert callable(quell.ignore("Q101", model=Book, path=path))
    with pytest.raises(UsageError, match=f'"{path.rpartition("__")[2]}x"'):
        quell.ignore("Q101", model=Book, path=f"{path}x")


def test_generator_and_class_are_refused() -> None:
    """A decorator could not follow their bodies."""

    def generate() -> object:
        yield 1

    for refused, message in (
        (generate, "the generator"),
        (Book, "decorates functions"),
        (3, "decorates functions"),
    ):
        with pytest.raises(UsageError, match=message):
            quell.ignore("Q101")(refused)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="takes codes as texts"):
        quell.ignore(generate)  # type: ignore[arg-type]


def test_names_are_checked_as_soon_as_the_models_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decorator in a module of models is made before they are loaded."""
    monkeypatch.setattr(apps, "models_ready", False)
    wrong, right = quell.ignore("Q101", model="library.Bok"), quell.ignore("Q101", model="library.Book")
    with wrong, right:
        pass

    monkeypatch.undo()
    with right, pytest.raises(UsageError, match=r"there is no model"), wrong:
        pass
