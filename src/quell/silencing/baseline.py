"""
The baseline: a file of findings that are known, so that only new ones fail.

It holds no line number, no absolute path and no count of queries, and is sorted: it changes when a cause comes or
goes, and is the same on every machine.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quell.documents import Document
from quell.exceptions import UsageError
from quell.findings import Finding
from quell.paths import portable_path

_FILE = Document(
    title="The baseline",
    about="Findings that quell knows and lets pass; written by manage.py quell profile --write-baseline.",
    version=1,
    make="Write it with manage.py quell profile --write-baseline.",
    restore="Restore it from version control, or delete it and write a new one with --write-baseline.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    A known finding, in words that survive line shifts and checkouts.

    ``labels`` are the pages or tests that showed it; ``causes`` how many places of that function it stands for.
    """

    fingerprint: str
    code: str
    model: str
    path: str
    origin: str
    labels: tuple[str, ...]
    causes: int = 1

    def __str__(self) -> str:
        what = " ".join(filter(None, (self.code, self.model, self.path)))
        return f"{what} in {self.origin}" if self.origin else what


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a run showed of a baseline: findings that are new, those that are known, entries that are gone."""

    new: tuple[Finding, ...] = ()
    known: tuple[Finding, ...] = ()
    stale: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Baseline:
    """Known findings, each once."""

    entries: tuple[Entry, ...] = ()

    def compare(self, findings: Sequence[Finding], visited: AbstractSet[str]) -> Comparison:
        """
        Tell new findings from known ones.

        Args:
            findings: What a run found, one per cause. Where a function has more causes of one kind than are
                known, all of them are new: nothing tells which one came last.
            visited: The labels of what ran. An entry is stale when all of its labels ran and it was not found.
        """
        known = {entry.fingerprint: entry for entry in self.entries}
        counts = Counter(finding.fingerprint for finding in findings)
        is_known = {mark: mark in known and count <= known[mark].causes for mark, count in counts.items()}
        return Comparison(
            tuple(finding for finding in findings if not is_known[finding.fingerprint]),
            tuple(finding for finding in findings if is_known[finding.fingerprint]),
            tuple(e for e in self.entries if e.fingerprint not in counts and visited >= set(e.labels)),
        )

    def updated(self, findings: Sequence[Finding], visited: AbstractSet[str]) -> "Baseline":
        """Return the baseline with what a run found, without what it showed to be gone; the rest stays."""
        found = {entry.fingerprint: entry for entry in entries_of(findings)}
        for old in self.entries:
            kept = tuple(label for label in old.labels if label not in visited)
            if kept:
                found[old.fingerprint] = _joined(old, kept, found.get(old.fingerprint))
        return Baseline(tuple(sorted(found.values(), key=_order)))


def entries_of(findings: Iterable[Finding]) -> tuple[Entry, ...]:
    """Return one entry per fingerprint, sorted."""
    found: dict[str, Entry] = {}
    for finding in findings:
        spot = finding.origin or finding.trigger
        name = f":{spot.function}" if spot is not None and spot.function else ""
        old = found.get(finding.fingerprint)
        found[finding.fingerprint] = Entry(
            fingerprint=finding.fingerprint,
            code=finding.code,
            model=finding.model,
            path=finding.path,
            origin=f"{portable_path(spot.file)}{name}" if spot is not None else "",
            labels=tuple(sorted({*finding.labels, *(old.labels if old else ())})),
            causes=old.causes + 1 if old else 1,
        )
    return tuple(sorted(found.values(), key=_order))


def _order(entry: Entry) -> tuple[str, ...]:
    return entry.origin, entry.code, entry.model, entry.path, entry.fingerprint


def _joined(old: Entry, labels: tuple[str, ...], new: Entry | None) -> Entry:
    """Return an entry that some labels still stand for although they did not run."""
    return Entry(
        fingerprint=old.fingerprint,
        code=old.code,
        model=old.model,
        path=old.path,
        origin=old.origin,
        labels=tuple(sorted({*labels, *(new.labels if new else ())})),
        causes=max(old.causes, new.causes if new else 0),
    )


def write(file: Path, baseline: Baseline) -> None:
    """
    Write a baseline, whole or not at all.

    Raises:
        UsageError: If the file cannot be written.
    """
    _FILE.write(file, {"findings": [_record(entry) for entry in baseline.entries]})


def _record(entry: Entry) -> dict[str, object]:
    record: dict[str, object] = {
        "fingerprint": entry.fingerprint,
        "code": entry.code,
        "model": entry.model,
        "path": entry.path,
        "origin": entry.origin,
        "labels": list(entry.labels),
    }
    return record | ({"causes": entry.causes} if entry.causes > 1 else {})


def read(file: Path) -> Baseline:
    """
    Read a baseline.

    Raises:
        UsageError: If it does not exist, cannot be read, or is of another version; the message says what to do.
    """
    document: Mapping[str, Any] = _FILE.read(file)
    try:
        return Baseline(tuple(map(_entry, document["findings"])))
    except (KeyError, TypeError, ValueError) as error:
        msg = f"{_FILE.title} {file} has an entry that cannot be read: {error!r}. {_FILE.restore}"
        raise UsageError(msg) from error


def _entry(record: Mapping[str, object]) -> Entry:
    texts = {name: record[name] for name in ("fingerprint", "code", "model", "path", "origin")}
    labels, causes = record["labels"], record.get("causes", 1)
    if not isinstance(labels, list) or not all(isinstance(item, str) for item in (*texts.values(), *labels)):
        raise TypeError(record)
    if not isinstance(causes, int):
        raise TypeError(causes)
    return Entry(**{name: str(value) for name, value in texts.items()}, labels=tuple(labels), causes=causes)
