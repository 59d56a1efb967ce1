"""What the documentation says is what the code has."""

import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from quell import analysis
from quell.conf import setting_names
from quell.findings import CODES as KINDS_BY_CODE

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
RULES = (import_module(f"quell.analysis.{found.name}") for found in iter_modules(analysis.__path__))
CODES = {rule.CODE: rule.KIND for rule in RULES if hasattr(rule, "CODE")}


def test_docs_list_every_setting() -> None:
    """The table of settings has exactly the settings that exist."""
    documented = re.findall(r"^\| `(QUELL_\w+)`", (DOCS / "settings.md").read_text(), re.MULTILINE)
    assert tuple(sorted(documented)) == setting_names()


def test_docs_have_a_page_per_code() -> None:
    """Each code has a page that names its kind, and no page describes a code that does not exist."""
    pages = {path.stem: path.read_text() for path in (DOCS / "findings").glob("Q*.md")}
    assert pages.keys() == CODES.keys()
    for code, text in pages.items():
        assert text.startswith(f"# {code} `{CODES[code]}`")


def test_docs_links_lead_somewhere() -> None:
    """Every relative link in the README and the docs leads to a file."""
    for page in (ROOT / "README.md", *DOCS.rglob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_docs_show_recorded_output() -> None:
    """Each block of output was recorded: none is empty."""
    for page in (ROOT / "README.md", *DOCS.rglob("*.md")):
        for name, body in re.findall(
            r"<!-- output: (\S+) -->\n(.*?)<!-- end -->", page.read_text(), re.DOTALL
        ):
            assert body.startswith("```text\n"), f"{page.name}: run python3 -m tools.record {name}"


def test_reference_has_every_public_module() -> None:
    """What declares public names, or belongs to one framework, has a place in the reference."""
    source = ROOT / "src" / "quell"
    declaring = {
        path for path in source.rglob("*.py") if re.search(r"^__all__ = ", path.read_text(), re.MULTILINE)
    }
    # Rooms whose names other rooms use; what is public of them is in the package itself.
    declaring -= {source / room / "__init__.py" for room in ("loading", "sqltext")} | {
        source / "store" / "models.py"
    }
    contrib = {
        source / "contrib" / f"{name}.py" for name in ("admin", "celery", "drf", "opentelemetry", "views")
    }
    contrib |= {source / "contrib" / "debug_toolbar" / "__init__.py"}
    fixed = {source / f"{name}.py" for name in ("events", "exceptions", "middleware", "signals")}
    pages = "".join(path.read_text() for path in (DOCS / "reference").glob("*.md"))

    assert set(re.findall(r"automodule:: (\S+)", pages)) == {
        _module(path.relative_to(source.parent)) for path in declaring | contrib | fixed
    }


def _module(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def test_every_rule_is_in_the_table_of_codes() -> None:
    """What can be found can be silenced by its code and by its kind."""
    assert CODES.items() <= KINDS_BY_CODE.items()
