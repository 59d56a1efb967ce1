"""quell beside other tools: each finds what it finds alone, and leaves Django as it was."""

import json
import os
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
WITH_MIDDLEWARE = ("debug_toolbar", "nplusone", "silk", "zeal")
WITH_BLOCKS = ("debug_toolbar", "nplusone", "zeal")
TOGETHER = ("ours_outside", "theirs_outside")


@cache
def _probe(neighbour: str, when: str = "first") -> dict[str, Any]:
    if neighbour and find_spec(neighbour) is None:
        pytest.skip(f"{neighbour} is not installed")
    done = subprocess.run(
        [sys.executable, "-m", "tests.coexistence.probe", when],
        cwd=ROOT,
        env={**os.environ, "QUELL_NEIGHBOUR": neighbour, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("neighbour", ["auto_prefetch", *WITH_MIDDLEWARE])
def test_findings_are_the_same_beside_another_tool(neighbour: str) -> None:
    """Where the other is only installed, nothing changes for quell."""
    assert len(_probe("")["ours"]) == 4
    assert _probe(neighbour)["ours"] == _probe("")["ours"]


@pytest.mark.parametrize("neighbour", WITH_BLOCKS)
@pytest.mark.parametrize("how", ["nested", "crossed"])
def test_blocks_of_both_find_what_each_finds_alone(neighbour: str, how: str) -> None:
    """Whichever is opened first, and whichever is closed first."""
    blocks = _probe(neighbour)["blocks"]

    assert blocks["theirs"] > 0
    assert blocks[f"{how}_ours_outside"] == blocks[f"{how}_ours_inside"] == _probe("")["ours"]
    assert blocks[f"{how}_theirs_outside"] == blocks[f"{how}_theirs_inside"] == blocks["theirs"]


@pytest.mark.parametrize("neighbour", WITH_MIDDLEWARE)
@pytest.mark.parametrize("order", TOGETHER)
def test_middleware_of_both_finds_what_each_finds_alone(neighbour: str, order: str) -> None:
    """A request is reported once by quell, without what the other tool runs for itself."""
    requests = _probe(neighbour)["requests"]

    assert requests["ours"]["ours"] == requests[order]["ours"] == [_probe("")["ours"]]
    assert requests["theirs"]["theirs"] == requests[order]["theirs"]
    assert requests["theirs"]["theirs"] not in ([], 0)
    assert requests["theirs"]["ours"] == []


@pytest.mark.parametrize("neighbour", ["auto_prefetch", *WITH_MIDDLEWARE])
def test_hooks_come_off_beside_another_tool(neighbour: str) -> None:
    """After the last watch Django has what the other tool gave it."""
    found = _probe(neighbour)

    assert found["before"] == found["after"] == []


def test_rows_that_prefetch_by_themselves_are_no_finding() -> None:
    """A foreign key of django-auto-prefetch loads once for all rows; a count on each row still is needless."""
    found = _probe("auto_prefetch")

    assert found["rows"] == ["0", "1", "2", 1, 1, 1]
    assert [text.split()[:3] for text in found["auto_prefetch"]] == [
        ["n_plus_one", "prefetched.Shelf", "volumes"]
    ]


@pytest.mark.parametrize("when", ["between", "inside"])
def test_patches_that_come_later_are_called(when: str) -> None:
    """A tool that patches what quell patches, after quell was imported or on top of it, goes on working."""
    found, early = _probe("nplusone", when), _probe("nplusone")

    assert found["blocks"] == early["blocks"]
    assert found["requests"]["ours_outside"] == early["requests"]["ours_outside"]
    # Theirs stays; nothing else of Django is changed when the watch is closed.
    assert found["before"] == found["after"] == ["prefetch_one_level"]
