"""
The file of recorded plans.

It holds no line number, no absolute path and no count, is sorted, and has one path or column to a line: it changes
where the code needs something else, and is the same on every machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quell.documents import Document
from quell.exceptions import QuellError, UsageError
from quell.loading.plan import FetchPlan
from quell.loading.recorded.entries import Entry, Recorded
from quell.loading.recorded.origins import Origin
from quell.loading.values import closest

_FILE = Document(
    title="The file of plans",
    about="What each queryset needs, recorded by quell; review and commit it, and name it in QUELL_PLANS.",
    version=1,
    make="Record it with manage.py quell profile --record {name}.",
    restore="Restore it from version control, or record it anew with --anew.",
)
_KEYS = ("calls", "code", "keep", "model", "note", "plan")


@dataclass(frozen=True, slots=True)
class PlanFile:
    """The entries of a file, each origin once."""

    entries: Mapping[Origin, Entry]

    @property
    def recorded(self) -> Mapping[Origin, Recorded]:
        """What the rows of each origin need."""
        return {origin: entry.recorded for origin, entry in self.entries.items()}

    def merged(self, found: Mapping[Origin, Recorded]) -> "PlanFile":
        """Return it with what another run used; nothing is taken out."""
        entries = dict(self.entries)
        for origin, recorded in found.items():
            known = entries.get(origin)
            entries[origin] = (
                Entry(origin=origin, recorded=recorded) if known is None else known.merged(recorded)
            )
        return PlanFile(entries)

    def renewed(self, found: Mapping[Origin, Recorded]) -> "PlanFile":
        """Return what this run used, and of the file only what people wrote: notes, and entries to keep."""
        entries = {
            origin: entry
            for origin, entry in self.entries.items()
            if entry.keep or (entry.note and origin in found)
        }
        for origin, recorded in found.items():
            entries[origin] = entries.get(origin, Entry(origin=origin)).renewed(recorded)
        return PlanFile(entries)


EMPTY = PlanFile({})


def read_plans(file: Path) -> PlanFile:
    """
    Read a file of plans.

    Raises:
        UsageError: If it does not exist, cannot be read, or is of another version; the message says what to do.
    """
    document = _FILE.read(file)
    try:
        return read_data(document)
    except UsageError as error:
        msg = f"{_FILE.title} {file}: {error}"
        raise UsageError(msg) from error


def read_data(document: Mapping[str, Any]) -> PlanFile:
    """
    Build the entries of a document, such as another process sends.

    Raises:
        UsageError: If an entry is malformed, or stands twice.
    """
    places = document.get("origins")
    if not isinstance(places, dict) or not all(isinstance(records, list) for records in places.values()):
        msg = f'"origins" is no mapping of places to lists of entries. {_FILE.restore}'
        raise UsageError(msg)
    entries: dict[Origin, Entry] = {}
    for place, records in places.items():
        for record in records:
            entry = _entry(place, record)
            if entry.origin in entries:
                msg = f"{entry.origin} stands twice. Merge both entries into one."
                raise UsageError(msg)
            entries[entry.origin] = entry
    return PlanFile(entries)


def _entry(place: str, record: Any) -> Entry:  # noqa: ANN401 -- whatever JSON holds
    if not isinstance(record, dict) or not isinstance(record.get("model"), str):
        msg = f'an entry of {place} is {record!r}; write {{"model": "tickets.Ticket", "plan": {{...}}}}'
        raise UsageError(msg)
    unknown = sorted(record.keys() - set(_KEYS))
    if unknown:
        msg = f'an entry of {place} has "{unknown[0]}"{closest(unknown[0], _KEYS)}'
        raise UsageError(msg)
    calls, keep = record.get("calls", []), record.get("keep", False)
    texts = (record.get("code", ""), record.get("note", ""))
    is_right = isinstance(calls, list) and isinstance(keep, bool)
    if not is_right or not all(isinstance(item, str) for item in (*texts, *calls)):
        msg = (
            f'an entry of {place} is {record!r}: "keep" is true or false, "calls" a list, the rest are texts'
        )
        raise UsageError(msg)
    origin = Origin(place, record["model"], texts[0])
    try:
        plan = FetchPlan.from_data(record.get("plan", {}))
    except QuellError as error:
        msg = f"the plan of {origin}: {error}"
        raise UsageError(msg) from error
    return Entry(origin=origin, recorded=Recorded(plan, tuple(sorted(calls))), keep=keep, note=texts[1])


def data_of(plans: PlanFile) -> dict[str, object]:
    """Return the content of a file, sorted."""
    places: dict[str, list[dict[str, object]]] = {}
    for origin in sorted(plans.entries):
        entry = plans.entries[origin]
        if not entry.is_empty:
            places.setdefault(origin.place, []).append(_record(entry))
    return {"origins": places}


def _record(entry: Entry) -> dict[str, object]:
    record: dict[str, object] = {"model": entry.origin.model}
    parts = {
        "code": entry.origin.code,
        "note": entry.note,
        "keep": entry.keep,
        "plan": entry.recorded.plan.as_data(),
        "calls": list(entry.recorded.calls),
    }
    return record | {name: value for name, value in parts.items() if value}


def write_plans(file: Path, plans: PlanFile) -> None:
    """
    Write a file of plans, whole or not at all.

    Raises:
        UsageError: If the file cannot be written.
    """
    _FILE.write(file, data_of(plans))
