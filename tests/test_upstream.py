"""The comparison that decides whether Django's own suite comes out the same with quell on."""

from tools.upstream_results import Comparison, Run, render


def _compare(off: dict[str, tuple[str, str]], on: dict[str, tuple[str, str]], *explained: str) -> Comparison:
    return Comparison(
        suite="Django 5.2",
        off=Run(outcomes=off, statistics={}),
        on=Run(outcomes=on, statistics={"queries": 7}),
        explained=frozenset(explained),
    )


def test_equal_outcomes_leave_nothing_to_explain() -> None:
    """What fails without quell may fail with it, whatever the message says."""
    comparison = _compare({"a": ("failed", "old")}, {"a": ("failed", "new")})

    assert comparison.unexplained == ()


def test_difference_names_test_version_and_both_outcomes() -> None:
    """A test that ends in another way is reported with what it did without and with quell."""
    comparison = _compare({"a": ("passed", "")}, {"a": ("error", "KeyError: 'x'")})

    (text,) = comparison.unexplained
    assert "Django 5.2: a" in text
    assert "error: KeyError: 'x'" in text


def test_test_that_ran_only_once_differs() -> None:
    """A test that did not run with quell is a difference."""
    comparison = _compare({"a": ("passed", ""), "b": ("passed", "")}, {"a": ("passed", "")})

    assert len(comparison.unexplained) == 1


def test_explained_difference_is_counted_and_not_reported() -> None:
    """An explained difference has a column of its own."""
    comparison = _compare({"a": ("passed", "")}, {"a": ("failed", "")}, "a")

    assert comparison.unexplained == ()
    assert render([comparison]).splitlines()[1].split() == [
        "Django",
        "5.2",
        "1",
        "0",
        "0",
        "0",
        "1",
        "0",
        "7",
        "0",
    ]
