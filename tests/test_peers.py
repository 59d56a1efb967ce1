"""What the comparison with other tools makes of its measurements."""

from typing import Any

from benchmarks import peer_report
from benchmarks.peer_tools import TOOLS, available


def _outcome(name: str, *kinds: str, reports: int = 0, error: str = "") -> dict[str, Any]:
    return {"name": name, "kinds": list(kinds), "reports": reports, "error": error}


def test_corpus_counts_any_report() -> None:
    """A positive with a report is found, a negative with one is a false alarm, and an error is no report."""
    outcomes = [
        _outcome("found", "n_plus_one", reports=2),
        _outcome("missed", "query_in_loop"),
        _outcome("failed", "n_plus_one", error="TypeError"),
        _outcome("right"),
        _outcome("wrong", reports=1),
    ]

    judged = peer_report.summarise({"corpus": {"tool": outcomes}})["corpus"]["tool"]

    assert (judged["found"], judged["positives"]) == (1, 3)
    assert (judged["false"], judged["negatives"]) == (1, 2)
    assert judged["missed_names"] == ["missed", "failed"]
    assert judged["false_names"] == ["wrong"]
    assert judged["errors"] == {"failed": "TypeError"}


def test_cost_compares_the_fastest_runs() -> None:
    """A ratio is the fastest run over the fastest bare one, without and with the time of the answer."""
    columns = peer_report._COLUMNS
    bare = [{key: [(2.0, 0.0), (1.0, 0.0)] for key in columns}]
    tool = [{key: [(9.0, 0.0), (3.0, 1.0)] for key in columns}]

    summary = peer_report.summarise({"cost": {peer_report.BARE: bare, "tool": tool}})

    assert summary["cost"]["tool"]["gets"] == 3.0
    assert summary["cost_with_answer"]["tool"]["gets"] == 4.0


def test_memory_is_compared_with_bare_django() -> None:
    """Bytes become megabytes and a ratio."""
    summary = peer_report.summarise({"memory": {peer_report.BARE: 2_000_000, "tool": 3_000_000}})

    assert summary["memory"]["tool"] == {"mb": 3.0, "ratio": 1.5}


def test_tables_have_every_tool() -> None:
    """The text shows a line for each tool in each table."""
    columns = peer_report._COLUMNS
    results = {
        "cost": {name: [{key: [(1.0, 0.0)] for key in columns}] for name in (peer_report.BARE, "tool")},
        "corpus": {"tool": [_outcome("found", "n_plus_one", reports=1)]},
    }
    head = {"python": "3", "django": "6", "versions": {}, "rounds": 1}

    text = peer_report.render(head | peer_report.summarise(results))

    assert sum(line.startswith("tool ") for line in text.splitlines()) == 3


def test_tools_of_quell_are_always_there() -> None:
    """Where nothing else is installed, bare Django and quell are compared."""
    names = [tool.name for tool in available()]

    assert names[:2] == ["bare Django", "bare again"]
    assert {"quell", "quell, idle"} <= set(names)
    assert len({tool.name for tool in TOOLS}) == len(TOOLS)
