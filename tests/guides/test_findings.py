"""The wrong code of the page of each code is found, and the right code is not."""

import json
from pathlib import Path

import pytest

from tests.guides.desk import ROOT, Desk, blocks_of

PAGES = ROOT / "docs" / "findings"
# What the reader has around the code.
_AROUND = {
    "Q102": ("pks = [1, 2, 3]", ""),
    "Q103": ("Comment = PostComment", ""),
    "Q104": ("", "from types import SimpleNamespace\ndetail(SimpleNamespace(user=None), 1)"),
    "Q105": ('names = ["red", "green", "blue"]', ""),
}
_HEAD = """
from django.db.models import Prefetch
from tickets.models import *
{before}


def check_access(user, ticket):
    pass


"""
_RUN = """
import json
import quell
from pathlib import Path

codes = []
for file in {files}:
    with quell.watch(profile=True) as watch:
        exec(compile(Path(file).read_text(), file, "exec"), {{"__name__": "block"}})
    codes.append([finding.code for finding in watch.findings])
Path("codes.json").write_text(json.dumps(codes))
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A project with tickets, posts and articles."""
    made = Desk(tmp_path_factory.mktemp("findings") / "project")
    made.fill()
    return made


# Q201 and Q202 need commits: tests/hygiene/test_pages.py.
@pytest.mark.parametrize("code", ["Q101", "Q102", "Q103", "Q104", "Q105", "Q106", "Q107", "Q110"])
def test_page_of_a_code_shows_what_is_found_and_what_is_not(desk: Desk, code: str) -> None:
    """The first block has the finding of the page; whatever stands in its place has it no more."""
    before, behind = _AROUND.get(code, ("", ""))
    blocks = blocks_of(PAGES / f"{code}.md", "python")
    if code == "Q110":
        blocks[0] += "\ndashboard(None)"
    files = [f"{code}_{number}.py" for number in range(len(blocks))]
    for file, block in zip(files, blocks, strict=True):
        (desk.folder / file).write_text(f"{_HEAD.format(before=before)}{block}\n{behind}\n")

    desk.script(_RUN.format(files=files))
    wrong, *right = json.loads((desk.folder / "codes.json").read_text())

    assert code in wrong
    assert right
    assert all(code not in codes for codes in right)


def test_every_code_with_blocks_is_tried() -> None:
    """No page of a code is without a test."""
    elsewhere = (Path(__file__).parent.parent / "hygiene" / "test_pages.py").read_text()
    here = Path(__file__).read_text()
    for page in PAGES.glob("Q*.md"):
        assert f'"{page.stem}"' in here or f'"{page.name}"' in elsewhere
