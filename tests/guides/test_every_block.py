"""No block of the documentation is without somebody who runs it."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.guides.desk import ROOT

DOCS = ROOT / "docs"
_BLOCK = re.compile(r"^ *```([\w{}:-]*)\n.*?^ *```$", re.MULTILINE | re.DOTALL)
_RECORDED = re.compile(r"<!-- output: (\S+) -->\n.*?<!-- end -->", re.DOTALL)
_GUIDES = "tests/guides"
# Directives of Sphinx, which `make docs` runs: no steps of a reader.
_DIRECTIVE = re.compile(r"\{.*\}")

# Per page and language: how many blocks it has, and who runs them, or holds them against the code.
_CONSOLE = f"{_GUIDES}/test_console.py"
_PAGES = f"{_GUIDES}/test_pages.py"
_PLANS = f"{_GUIDES}/test_plans.py"
_FINDINGS = f"{_GUIDES}/test_findings.py"
CLAIMS: dict[str, dict[str, tuple[int, str]]] = {
    "README.md": {"console": (4, _CONSOLE), "python": (2, _PAGES)},
    "docs/batch-loading.md": {"python": (2, _PLANS), "text": (1, _PLANS)},
    "docs/ci.md": {"console": (3, _CONSOLE), "yaml": (1, "tests/test_ci.py")},
    "docs/cost.md": {"console": (1, _CONSOLE)},
    "docs/findings/Q101.md": {"python": (2, _FINDINGS)},
    "docs/findings/Q102.md": {"python": (2, _FINDINGS)},
    "docs/findings/Q103.md": {"python": (3, _FINDINGS)},
    "docs/findings/Q104.md": {"python": (2, _FINDINGS)},
    "docs/findings/Q105.md": {"python": (2, _FINDINGS)},
    "docs/findings/Q106.md": {"python": (2, _FINDINGS)},
    "docs/findings/Q107.md": {"python": (2, _FINDINGS)},
    "docs/findings/Q110.md": {"python": (2, _FINDINGS)},
    "docs/findings/Q201.md": {"python": (2, "tests/hygiene/test_pages.py")},
    "docs/findings/Q202.md": {"python": (2, "tests/hygiene/test_pages.py")},
    "docs/fix.md": {"console": (1, _CONSOLE), "python": (1, _PAGES)},
    "docs/join-or-separate.md": {"text": (1, "tests/advice/test_formula.py")},
    "docs/loading.md": {"python": (10, _PLANS)},
    "docs/migrating.md": {"console": (1, _CONSOLE), "python": (10, "tests/test_migrating.py")},
    "docs/peers.md": {"console": (1, _CONSOLE)},
    "docs/production.md": {
        # The steps that need no other process are in tests/production.
        "python": (7, "tests/production/test_docs_steps.py"),
        "console": (3, _PAGES),
        "sql": (1, _PAGES),
    },
    "docs/profile.md": {"console": (2, _CONSOLE)},
    "docs/recording.md": {"console": (1, _CONSOLE), "python": (2, _PAGES)},
    "docs/reports.md": {"console": (4, _CONSOLE)},
    "docs/services.md": {"python": (6, "tests/services/test_service_docs.py")},
    "docs/silencing.md": {"console": (1, _CONSOLE), "html": (1, _PAGES), "python": (3, _PAGES)},
    "docs/statistics.md": {"python": (8, "tests/example/test_helpdesk_statistics.py")},
    "docs/testing.md": {"console": (1, _CONSOLE), "python": (4, _PAGES), "text": (1, _PAGES)},
    "docs/toolbar.md": {"console": (1, _CONSOLE), "python": (2, _PAGES)},
    # The recorded transcript is its commands.
    "docs/tutorial.md": {"ini": (1, f"{_GUIDES}/test_tutorial.py")},
    # The table of `python -m tools.upstream --batch`, which runs for hours.
    "docs/verification.md": {"console": (1, _CONSOLE), "text": (1, "tools/upstream.py")},
    "docs/why-counting-fails.md": {"python": (2, "tests/example/test_why_counting.py")},
    "docs/workers.md": {"python": (7, "tests/workers/test_page.py")},
}
# The steps of these are read by the test itself, whatever they are; in a checkout alone: `shell`.
_GUIDE_LANGUAGES = {"python", "diff", "console", "text", "shell"}


def _pages() -> list[str]:
    return [str(page.relative_to(ROOT)) for page in (ROOT / "README.md", *sorted(DOCS.rglob("*.md")))]


def _blocks(page: str) -> Counter[str]:
    text = _RECORDED.sub("", (ROOT / page).read_text())
    return Counter(language for language in _BLOCK.findall(text) if not _DIRECTIVE.fullmatch(language))


@pytest.mark.parametrize("page", _pages())
def test_every_block_is_claimed(page: str) -> None:
    """As many blocks of each language as somebody runs: a new one needs a test, and its number here."""
    found = _blocks(page)
    if page.startswith("docs/howto/"):
        assert found.keys() <= _GUIDE_LANGUAGES
        return

    assert found == {language: count for language, (count, _) in CLAIMS.get(page, {}).items()}


@pytest.mark.parametrize("page", CLAIMS)
def test_who_is_claimed_reads_the_page(page: str) -> None:
    """The file that is said to run a block exists, and speaks of the page."""
    for _, who in CLAIMS[page].values():
        text = (ROOT / who).read_text()
        assert who.startswith("tools/") or Path(page).stem in text or "DOCS.glob" in text, who


def test_recorded_output_can_be_recorded_again() -> None:
    """What a page shows as printed has a name that ``tools.record`` knows."""
    known = (ROOT / "tools" / "record.py").read_text() + (ROOT / "tools" / "recording.py").read_text()
    for page in _pages():
        for name in _RECORDED.findall((ROOT / page).read_text()):
            assert f'"{name}"' in known, f"{page}: {name}"


def test_shell_blocks_are_of_this_repository() -> None:
    """What a guide shows for a checkout names a module and a target that exist."""
    makefile = (ROOT / "Makefile").read_text()
    for page in (DOCS / "howto").glob("*.md"):
        for block in re.findall(r"^```shell\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL):
            for name in re.findall(r"-m tools\.(\w+)", block):
                assert (ROOT / "tools" / f"{name}.py").exists(), block
            for name in re.findall(r"^make (\w+)", block, re.MULTILINE):
                assert re.search(rf"^{name}:", makefile, re.MULTILINE), block
