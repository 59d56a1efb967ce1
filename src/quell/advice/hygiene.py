"""What to write where a transaction does what it should leave to others, or is open for too long."""

import ast
from collections.abc import Iterable
from dataclasses import replace

from quell.advice.chains import MAX_EXPRESSION
from quell.advice.reading import nodes_at, tree_of
from quell.events import EffectKind, Location, Recording
from quell.findings import Finding

_SLEEP = "sleep in front of the transaction or behind it"


def advise_transaction(finding: Finding, recording: Recording) -> Finding:
    """Return a finding about a transaction with the code to write."""
    if finding.kind == "long_transaction":
        return replace(finding, suggestion=_shorten(finding, recording))
    kinds = {each.kind for each in recording.effects if each.trigger == finding.trigger}
    return replace(finding, suggestion=_later(finding.trigger, kinds))


def _shorten(finding: Finding, recording: Recording) -> str:
    events = [each for each in recording.transactions if each.opened_at == finding.origin]
    longest = max(events, key=lambda event: event.duration_ms, default=None)
    if longest is None or longest.statement_ms * 2 >= longest.duration_ms:
        return "fewer statements, or several transactions, each for a part of the rows"
    return "do what needs no statement in front of the transaction, or behind it with after_commit(...)"


def _later(line: Location | None, kinds: Iterable[EffectKind]) -> str:
    if set(kinds) == {"sleep"}:
        return _SLEEP
    call, is_statement = _call_at(line)
    if not call:
        return "after_commit(...) around what cannot be taken back"
    if not is_statement:
        return f"{call}(...) in front of the transaction, or behind it with after_commit(...): its result is used here"
    return f"after_commit(partial({call}, ...))"


def _call_at(line: Location | None) -> tuple[str, bool]:
    """Return what the statement of a line calls, and whether the call is all that the statement is."""
    tree = tree_of(line)
    nodes = nodes_at(tree, line.line) if tree is not None and line is not None else ()
    statement = next((node for node in reversed(nodes) if isinstance(node, ast.stmt)), None)
    value = getattr(statement, "value", None)
    if isinstance(value, ast.Await):
        value = value.value
    if not isinstance(value, ast.Call):
        return "", False
    name = ast.unparse(value.func).replace("'", '"')
    return (name, isinstance(statement, ast.Expr)) if len(name) <= MAX_EXPRESSION else ("", False)
