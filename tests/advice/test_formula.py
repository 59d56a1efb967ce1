"""The formula of ``docs/join-or-separate.md`` is the one that chooses."""

from quell.advice.choosing import is_separate_cheaper, width_of
from tests.guides.desk import ROOT, blocks_of
from tests.library.models import Author, Country


def test_formula_of_the_page_chooses() -> None:
    """On a grid of rows and parents, for two widths, the page and the code agree."""
    (formula,) = blocks_of(ROOT / "docs" / "join-or-separate.md", "text")
    code = compile(formula.strip(), "join-or-separate.md", "eval")
    seen = set()
    for model in (Author, Country):
        for rows in range(0, 4000, 7):
            for parents in range(1, rows, 97):
                names = {"rows": rows, "parents": parents, "width": width_of(model)}
                seen.add(is_separate_cheaper(rows, parents, model))
                assert is_separate_cheaper(rows, parents, model) == eval(code, names)

    assert seen == {True, False}
