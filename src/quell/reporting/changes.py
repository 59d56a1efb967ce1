"""What changed between two reports, as text, Markdown and JSON."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TypeAlias

from quell.reporting.comparing import STATES, Change, State
from quell.reporting.markdown import MARK, MAX_DETAILS, cell, code, fence, fold, text
from quell.reporting.terminal import PLAIN, Paint
from quell.reporting.text import plural

_WIDTH = max(map(len, STATES))
_SIGNS: Mapping[State, str] = {
    "new": "🔴", "worse": "🔴", "better": "🟢", "fixed": "🟢", "silenced": "⚪", "not run": "⚪", "same": "⚪",
}  # fmt: skip


def as_text(changes: Sequence[Change], paint: Paint = PLAIN) -> str:
    """Return a line per change, with the code to write for what fails, and a last line that sums up."""
    lines = []
    for change in changes:
        if change.state == "same":
            continue
        lines += _lines(change, paint)
    return "\n".join([*lines, *([""] if lines else []), summary(changes)])


def _lines(change: Change, paint: Paint) -> list[str]:
    colour = {"new": "red", "worse": "red", "fixed": "green", "better": "green"}.get(change.state, "dim")
    name = paint.link(change.code, change.docs)
    state = paint(f"{change.state:<{_WIDTH}}", colour)
    lines = [f"{state}  {name} {change.what}  {_queries(change)}  {change.where}".rstrip()]
    indent = " " * (_WIDTH + 2)
    if change.fails:
        lines += [f"{indent}write  {change.suggestion}"] if change.suggestion else []
        lines.append(f"{indent}docs   {change.docs}")
    return lines


def _queries(change: Change) -> str:
    if not change.before or not change.after:
        return plural(change.before or change.after, "query", "queries")
    return f"{change.before} -> {change.after} queries"


def summary(changes: Sequence[Change]) -> str:
    """Return how many there are of each kind, on one line."""
    counts = Counter(change.state for change in changes)
    told = [
        f"{counts[state]} {state}" for state in STATES if counts[state] or state in {"new", "worse", "fixed"}
    ]
    return ", ".join(told)


def as_markdown(changes: Sequence[Change], paint: Paint = PLAIN) -> str:
    """Return a comment for a pull request: a short table, the code to write folded."""
    told = [change for change in changes if change.state != "same"]
    lines = [MARK, "### quell: database work of this change", "", f"{text(summary(changes))}", ""]
    if told:
        lines += ["| | what | where | queries |", "| --- | --- | --- | ---: |"]
        lines += [_row(change) for change in told[:MAX_DETAILS]]
        if len(told) > MAX_DETAILS:
            lines.append(f"| | and {len(told) - MAX_DETAILS} more | | |")
        lines.append("")
    for change in [each for each in told if each.fails][:MAX_DETAILS]:
        lines += fold(f"{change.code} {change.kind}: {change.what}", _details(change))
    return "\n".join(lines).rstrip() + "\n"


def _row(change: Change) -> str:
    cells = (
        f"{_SIGNS[change.state]} {change.state}",
        f"[{change.code}]({change.docs}) {cell(code(change.what))}",
        cell(code(change.where)),
        _queries(change).replace("->", "→").partition(" quer")[0],
    )
    return f"| {' | '.join(cells)} |"


def _details(change: Change) -> list[str]:
    lines = [text(change.message), ""] if change.message else []
    if change.labels:
        lines += [f"Seen in {', '.join(map(code, change.labels[:5]))}", ""]
    return [*lines, *(fence(change.suggestion, "python") if change.suggestion else [])]


def as_json(changes: Sequence[Change], paint: Paint = PLAIN) -> str:
    """Return all changes as JSON."""
    return json.dumps({"version": 1, "changes": [asdict(change) for change in changes]}, indent=2)


Rendering: TypeAlias = Callable[[Sequence[Change], Paint], str]
FORMATS: Mapping[str, Rendering] = {"text": as_text, "markdown": as_markdown, "json": as_json}
