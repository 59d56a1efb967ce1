"""What changed between two reports: findings that are new, worse, better, fixed, or as they were."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from quell.exceptions import UsageError
from quell.findings import Location
from quell.reporting.places import short

State = Literal["new", "worse", "better", "same", "fixed", "silenced", "not run"]
# In the order in which they are told.
STATES: tuple[State, ...] = ("new", "worse", "better", "fixed", "silenced", "not run", "same")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    What became of one cause.

    ``before`` and ``after`` are the queries that it ran. ``not run`` is what nothing can be said of, as what showed it
    was not run again.
    """

    state: State
    code: str
    kind: str
    level: str
    what: str
    where: str
    before: int
    after: int
    message: str
    suggestion: str
    labels: tuple[str, ...]
    fingerprint: str
    docs: str

    @property
    def fails(self) -> bool:
        """Tell whether it fails a comparison."""
        return self.state in {"new", "worse"} and self.level == "problem"


@dataclass(slots=True)
class _Side:
    """The findings of one report by fingerprint, as what is the same, their queries, and what ran without a problem."""

    records: dict[str, Change]
    counts: dict[str, int]
    silenced: set[str]
    ran: set[str]
    root: str


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    """
    Return what became of each cause, what fails first; those that run most queries first.

    A cause is known again by its fingerprint. Known findings of a baseline count like any other.

    Raises:
        UsageError: If one of them is no report.
    """
    before, after = _side(old, "old"), _side(new, "new")
    marks = {**after.records, **before.records}
    changes = (_change(mark, before, after) for mark in marks)
    return tuple(sorted(changes, key=lambda each: (STATES.index(each.state), -each.after, -each.before)))


def _side(document: Mapping[str, Any], name: str) -> _Side:
    try:
        silenced = [item["finding"] for item in document["silenced"]]
        pages = document["pages"]
        failed = {page["label"] for page in pages if page["problem"]}
        side = _Side({}, {}, set(), {page["label"] for page in pages} - failed, document["root"])
        for record in (*document["findings"], *document["known"]):
            _add(side, record)
        side.silenced = {record["fingerprint"] for record in silenced} - side.records.keys()
    except (KeyError, TypeError, AttributeError) as error:
        msg = (
            f"The {name} report has a part that cannot be read: {error!r}. Write it again with quell profile."
        )
        raise UsageError(msg) from error
    return side


def _add(side: _Side, record: Mapping[str, Any]) -> None:
    mark = _text(record, "fingerprint")
    # Two places of one function may share it; they are compared together.
    side.records.setdefault(mark, _read(record, side.root))
    side.counts[mark] = side.counts.get(mark, 0) + record["count"]


def _read(record: Mapping[str, Any], root: str) -> Change:
    """Return a finding as what is the same; its numbers are told by the sides."""
    return Change(
        state="same",
        code=_text(record, "code"),
        kind=_text(record, "kind"),
        level=_text(record, "level"),
        what=f"{record['model']} {record['path']}".strip() or "a statement",
        where=short(_location(record["origin"] or record["trigger"]), root),
        before=0,
        after=0,
        message=_text(record, "message"),
        suggestion=_text(record, "suggestion"),
        labels=tuple(record["labels"]),
        fingerprint=_text(record, "fingerprint"),
        docs=_text(record, "docs"),
    )


def _text(record: Mapping[str, Any], name: str) -> str:
    found = record[name]
    if not isinstance(found, str):
        msg = f"{name} is no text"
        raise TypeError(msg)
    return found


def _change(mark: str, before: _Side, after: _Side) -> Change:
    side = after if mark in after.records else before
    return replace(
        side.records[mark],
        state=_state(mark, before, after),
        before=before.counts.get(mark, 0),
        after=after.counts.get(mark, 0),
    )


def _state(mark: str, before: _Side, after: _Side) -> State:
    if mark not in after.records:
        if mark in after.silenced:
            return "silenced"
        return "fixed" if _ran_again(before.records[mark].labels, after.ran) else "not run"
    if mark not in before.records:
        return "new"
    old, new = before.counts[mark], after.counts[mark]
    return "same" if old == new else "worse" if new > old else "better"


def _ran_again(labels: Iterable[str], ran: set[str]) -> bool:
    return set(labels) <= ran


def _location(record: Mapping[str, Any] | None) -> Location | None:
    return Location(_text(record, "file"), record["line"], record["function"]) if record is not None else None
