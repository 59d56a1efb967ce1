"""Each reason why a fix cannot be shown has a template."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from quell.management import fixing
from quell.wording.reading import ENGLISH, read

_MODULES = sorted(Path(fixing.__file__).parent.glob("*.py"))
# What only quell fix tells, which runs the page: it ends up on a terminal.
_OF_RUNS = frozenset({"verifying.py", "running.py", "report.py", "child.py"})


def _reasons(tree: ast.Module) -> Iterator[ast.expr]:
    """Yield the expressions that a reason is made of: what is raised, refused, or named by a constant for it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "CannotFixError":
            yield from node.args
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name in {"msg", "reason", "_MORE", "_GONE", "_MOVED", "_ONLY_CODE", "_OTHER_ROWS"}:
                yield node.value


def _texts(value: ast.expr) -> Iterator[str]:
    """Yield the texts that an expression may come to, as far as the source tells."""
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=other):
            yield from (*_texts(body), *_texts(other))
        case ast.JoinedStr(values=parts):
            texts = [str(part.value) if isinstance(part, ast.Constant) else "3" for part in parts]
            yield "".join(texts)


def _all() -> Iterator[tuple[str, str]]:
    for file in _MODULES:
        if file.name not in _OF_RUNS:
            for value in _reasons(ast.parse(file.read_text())):
                yield from ((file.name, text) for text in _texts(value))


# Where the beginning is a variable as well; both ways have a template of their own.
_KNOWN = {"3 3": ("several models are called 3", "nothing is known that is called 3")}


@pytest.mark.parametrize(("file", "reason"), sorted(set(_all())))
def test_reason_has_a_template(file: str, reason: str) -> None:
    """The admin shows it in the language of the reader."""
    for text in _KNOWN.get(reason, (reason,)):
        # A constant of the module, such as the name of an attribute.
        named = text.replace("of 3 is no", "of list_select_related is no").replace(
            "3 holds", "list_select_related holds"
        )
        assert read(named), f"{file}: {named}"
        assert ENGLISH.message(named) == named
