"""Paths and fingerprints that are the same in every checkout."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from quell.events import Location
from quell.findings import CODES, Finding
from quell.paths import portable_path


def _finding(file: object, line: int = 7, **changes: object) -> Finding:
    made = Finding(
        kind="n_plus_one",
        code="Q101",
        model="shop.Order",
        path="customer",
        origin=Location(str(file), line, "orders"),
        trigger=Location("/elsewhere/models.py", 3, "Order.label"),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # names are checked by replace()


def test_path_is_below_the_import_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The deepest root counts, whichever comes first on the path."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(tmp_path / "src"), *sys.path])

    assert portable_path(str(tmp_path / "src" / "shop" / "views.py")) == "shop/views.py"
    assert portable_path(str(tmp_path / "templates" / "a.html")) == "templates/a.html"
    assert portable_path(str(tmp_path / "src.zip" / "views.py")) == "src.zip/views.py"


def test_path_below_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A console script lacks the project on its path; the working directory stands in."""
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.chdir(tmp_path)

    assert portable_path(str(tmp_path / "shop" / "views.py")) == "shop/views.py"


def test_path_through_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A root that is reached by a link holds its files."""
    (tmp_path / "real" / "shop").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "link")])

    for root in ("link", "real"):
        assert portable_path(str(tmp_path / root / "shop" / "views.py")) == "shop/views.py"


@pytest.mark.parametrize(
    ("file", "wanted"),
    [
        ("/nowhere/shared/templates/shop/list.html", "templates/shop/list.html"),
        ("/nowhere/script.py", "script.py"),
        ("<stdin>", "<stdin>"),
        ("shop/list.html", "shop/list.html"),
        ("", ""),
    ],
)
def test_path_without_a_root(monkeypatch: pytest.MonkeyPatch, file: str, wanted: str) -> None:
    """What no root holds is called by what is likely the same elsewhere, never by a folder of this machine."""
    monkeypatch.setattr(sys, "path", ["/"])

    assert portable_path(file) == wanted


def test_fingerprint_survives_lines_and_checkouts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same code at another line, in another folder, is the same cause."""
    monkeypatch.setattr(sys, "path", [str(tmp_path / "a"), str(tmp_path / "b" / "deep"), *sys.path])
    here = _finding(tmp_path / "a" / "shop" / "views.py")

    assert _finding(tmp_path / "b" / "deep" / "shop" / "views.py", line=99).fingerprint == here.fingerprint


def test_fingerprint_does_not_depend_on_the_rows() -> None:
    """Which of several lines loads most, how often, and on which page, differs from run to run."""
    here = _finding("/shop/views.py")

    assert replace(here, trigger=None, count=9, labels=("GET /",)).fingerprint == here.fingerprint


def test_fingerprint_tells_causes_apart() -> None:
    """Another code, model, path, function or file is another cause."""
    here = _finding("/shop/views.py")
    others = [
        replace(here, code="Q102"),
        replace(here, model="shop.Line"),
        replace(here, path="customer__city"),
        replace(here, origin=Location("/shop/views.py", 7, "lines")),
        replace(here, origin=Location("/shop/admin.py", 7, "orders")),
        replace(here, origin=None),
        replace(here, origin=None, trigger=None),
    ]

    assert len({here.fingerprint, *(other.fingerprint for other in others)}) == 8


def test_kinds_and_codes_are_unique() -> None:
    """A code has one kind, and a kind one code."""
    assert len(set(CODES.values())) == len(CODES)
