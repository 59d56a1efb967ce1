"""What the processes of the comparison came to: ratios, counts and tables."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

BARE = "bare Django"
_COLUMNS = {
    "gets": "2,000 gets",
    "deep": "60 frames deeper",
    "lazy": "lazy key loop",
    "loaded": "loaded key",
    "column": "column",
    "rows": "50,000 rows",
    "lists": "DRF lists",
}
_KINDS = {
    "n_plus_one": "N+1",
    "query_in_loop": "loop",
    "write_in_loop": "write",
    "duplicate_query": "duplicate",
    "defeated_prefetch": "defeated",
    "unused_eager_load": "unused",
    "unused_columns": "columns",
}


def summarise(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the tables show, as values for JSON."""
    summary: dict[str, Any] = {}
    if "cost" in results:
        summary["cost"] = _ratios(results["cost"], is_answered=False)
        summary["cost_with_answer"] = _ratios(results["cost"], is_answered=True)
    if "memory" in results:
        sizes = results["memory"]
        summary["memory"] = {
            name: {"mb": round(size / 1e6, 1), "ratio": round(size / sizes[BARE], 3)}
            for name, size in sizes.items()
        }
    if "corpus" in results:
        summary["corpus"] = {name: _judge(outcomes) for name, outcomes in results["corpus"].items()}
    return summary


def _ratios(
    samples: Mapping[str, Sequence[Mapping[str, Any]]], *, is_answered: bool
) -> dict[str, dict[str, float]]:
    times = {
        name: {key: min(_seconds(processes, key, is_answered=is_answered)) for key in _COLUMNS}
        for name, processes in samples.items()
    }
    bare = times[BARE]
    return {
        name: {key: round(own[key] / bare[key], 3) for key in _COLUMNS} for name, own in times.items()
    } | {f"{BARE}, ms": {key: round(bare[key] * 1e3, 1) for key in _COLUMNS}}


def _seconds(processes: Sequence[Mapping[str, Any]], key: str, *, is_answered: bool) -> list[float]:
    return [run + (answer if is_answered else 0) for process in processes for run, answer in process[key]]


def _judge(outcomes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    positives = [item for item in outcomes if item["kinds"]]
    negatives = [item for item in outcomes if not item["kinds"]]
    found = [item for item in positives if item["reports"]]
    return {
        "found": len(found),
        "positives": len(positives),
        "false": sum(bool(item["reports"]) for item in negatives),
        "negatives": len(negatives),
        "broken": sum(bool(item["error"]) for item in outcomes),
        "found_by_kind": dict(Counter(kind for item in found for kind in item["kinds"])),
        "positives_by_kind": dict(Counter(kind for item in positives for kind in item["kinds"])),
        "missed_names": [item["name"] for item in positives if not item["reports"]],
        "false_names": [item["name"] for item in negatives if item["reports"]],
        "errors": {item["name"]: item["error"] for item in outcomes if item["error"]},
    }


def render(summary: Mapping[str, Any]) -> str:
    """Return the tables as text."""
    versions = ", ".join(f"{name} {number}" for name, number in summary["versions"].items())
    parts = [f"Python {summary['python']}, Django {summary['django']}, {versions}"]
    if "corpus" in summary:
        parts.append(_corpus_table(summary["corpus"]))
    if "cost" in summary:
        title = f"CPU time over that of bare Django, the fastest run of {summary['rounds']} processes"
        memory = summary.get("memory", {})
        parts += [f"{title}: the run\n{_cost_table(summary['cost'], memory)}"]
        parts += [f"{title}: the run and its answer\n{_cost_table(summary['cost_with_answer'], {})}"]
    return "\n\n".join(parts)


def _cost_table(cost: Mapping[str, Mapping[str, float]], memory: Mapping[str, Any]) -> str:
    rows = [("", *_COLUMNS.values(), *(["live memory"] if memory else []))]
    for name, values in cost.items():
        form = "{:.1f}" if name.endswith(", ms") else "{:.2f}x"
        cells = [form.format(values[key]) for key in _COLUMNS]
        if memory:
            size = memory.get(name)
            cells.append(f"{size['mb']:.1f} MB {size['ratio']:.2f}x" if size else "")
        rows.append((name, *cells))
    return aligned(rows)


def _corpus_table(corpus: Mapping[str, Mapping[str, Any]]) -> str:
    first = next(iter(corpus.values()))
    kinds = [kind for kind in _KINDS if kind in first["positives_by_kind"]]
    totals = [f"{_KINDS[kind]} ({first['positives_by_kind'][kind]})" for kind in kinds]
    head = ("", f"found of {first['positives']}", f"false of {first['negatives']}", "broken", *totals)
    rows = [head]
    for name, values in corpus.items():
        counts = (values["found"], values["false"], values["broken"])
        of_kinds = (values["found_by_kind"].get(kind, 0) for kind in kinds)
        rows.append((name, *map(str, (*counts, *of_kinds))))
    return f"The labelled scenarios of the tests\n{aligned(rows)}"


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of cells as columns: the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for name, *cells in rows:
        padded = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        lines.append("  ".join([name.ljust(widths[0]), *padded]).rstrip())
    return "\n".join(lines)
