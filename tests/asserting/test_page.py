"""What the pages about testing and the toolbar show can be copied."""

import re
from pathlib import Path

from tests.asserting.running import ROOT, run
from tests.toolbar.conftest import PANELS, TOOLBAR

# What the blocks of the page leave to their reader's project.
_THEIRS = """
from django.test import TestCase

@pytest.fixture
def tickets(rows):
    pass

@pytest.fixture
def client(client):
    return client

class TicketFactory:
    create_batch = staticmethod(grow)

def render_list():
    return [author.country.name for author in Author.objects.select_related("country")]
"""


def _blocks(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL)


def test_blocks_about_testing_run(tmp_path: Path) -> None:
    """Marker, assertions, mixin and snapshot, in this order, on rows that a fixture makes."""
    marker, assertions, mixin, snapshot = _blocks("testing.md")
    blocks = [
        marker.replace("test_list", "test_marker").replace("...", "render_list()"),
        assertions,
        mixin,
        snapshot.replace("test_list", "test_snapshot").replace('client.get("/tickets/")', "render_list()"),
    ]
    output = run(tmp_path, "\n\n".join([_THEIRS, *blocks]), "--quell", "--quell-update-snapshots")

    assert "4 passed" in output, output
    assert (tmp_path / "__snapshots__" / "test_it.txt").read_text().count(" x SELECT") == 1


def test_settings_of_the_toolbar_name_what_there_is() -> None:
    """They are those that the tests of the panel run with."""
    (block,) = _blocks("toolbar.md")
    names = re.findall(r'"((?:debug_toolbar|quell)\.[\w.]+)"', block)

    assert set(names) == {TOOLBAR, *PANELS[:3]}
