"""The changes of one origin and of the lines that read what it loads, and all of them together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import libcst as cst

from quell.events import Location
from quell.findings import Finding
from quell.management.fixing.imports import Imports
from quell.management.fixing.locating import names_of
from quell.management.fixing.planning import Files, Place, origin_edits, place_of
from quell.management.fixing.safety import Project, check_reader
from quell.management.fixing.source import CannotFixError, Edit, Source, apply_edits, read_source
from quell.management.fixing.templates import template_edits
from quell.management.fixing.triggers import Reading, reading_of, trigger_edits
from quell.management.fixing.units import Refusal, Unit, answer_of
from quell.management.fixing.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Change:
    """What is written for one origin: pieces of files, what they import, and the pages that show it."""

    unit: Unit
    urls: tuple[str, ...]
    edits: Mapping[Path, tuple[Edit, ...]]
    imports: Imports
    path: Path

    def __bool__(self) -> bool:
        return any(self.edits.values())


@dataclass(slots=True)
class Fixer:
    """
    Makes changes out of what origins need.

    Args:
        files: The files that may be changed.
        project: All files of the project.
    """

    files: Files
    project: Project
    _templates: dict[Path, Source] = field(default_factory=dict)
    # What an attribute of a model holds, so that no two fixes mean different things by one name.
    _meanings: dict[tuple[str, str], Reading] = field(default_factory=dict)

    def change(self, unit: Unit, urls: Sequence[str]) -> tuple[Change | None, list[Refusal]]:
        """Return what to write for an origin, and the findings that nothing is written for."""
        try:
            place = place_of(self.files, unit)
        except CannotFixError as error:
            return None, [Refusal(finding, str(error)) for finding in unit.all]
        edits: dict[Path, tuple[Edit, ...]] = {}
        wanted, refusals, answered, homes = Wanted(), [], [], dict[str, object]()
        for finding in unit.answers:
            try:
                answer = answer_of(finding)
                found = self._triggers(finding, answer, place, urls)
                wanted |= answer
            except CannotFixError as error:
                refusals.append(Refusal(finding, str(error)))
                continue
            answered.append(finding)
            edits = _with(edits, found)
            homes |= self._homes(finding)
        unit = replace(unit, answers=tuple(answered))
        if not unit.all:
            return None, refusals
        return self._at_origin(unit, place, wanted, edits, homes, urls, refusals)

    def _at_origin(
        self,
        unit: Unit,
        place: Place,
        wanted: Wanted,
        edits: Mapping[Path, tuple[Edit, ...]],
        homes: Mapping[str, object],
        urls: Sequence[str],
        refusals: list[Refusal],
    ) -> tuple[Change | None, list[Refusal]]:
        path = place.tree.source.path
        imports = Imports(place.tree, names_of(place.tree.source))
        try:
            found = origin_edits(place, unit, wanted, imports, homes)
        except CannotFixError as error:
            return None, [*refusals, *(Refusal(finding, str(error)) for finding in unit.all)]
        change = Change(unit, tuple(urls), _with(edits, {path: tuple(found)}), imports, path)
        if not change:
            reason = "the source loads it already: other code at the line takes it away again"
            return None, [*refusals, *(Refusal(finding, reason) for finding in unit.all)]
        return change, refusals

    def _triggers(
        self, finding: Finding, wanted: Wanted, place: Place, urls: Sequence[str]
    ) -> dict[Path, tuple[Edit, ...]]:
        """
        Return the changes of all lines that ask.

        Raises:
            CannotFixError: If one of them cannot be changed safely.
        """
        reading = reading_of(finding, wanted)
        if finding.origin is not None:
            check_reader(place.tree, place.node, finding.origin, urls)
        found: dict[Path, tuple[Edit, ...]] = {}
        for spot in finding.triggers or ((finding.trigger,) if finding.trigger is not None else ()):
            found = _with(found, {Path(spot.file): tuple(self._trigger(spot, reading, place))})
        if not found:
            msg = "nothing tells which line asks"
            raise CannotFixError(msg)
        if any(found.values()) and self.project.uses(reading.name):
            msg = f"the project uses the name {reading.name} already, so what a row holds by it is not known"
            raise CannotFixError(msg)
        if self._meanings.setdefault((finding.model, reading.name), reading) != reading:
            msg = f"another fix gives {finding.model} something else by the name {reading.name}"
            raise CannotFixError(msg)
        return found

    def _trigger(self, spot: Location, reading: Reading, place: Place) -> list[Edit]:
        if spot.file.endswith(".py"):
            return trigger_edits(self.files.tree(spot.file), spot, reading)
        path = Path(spot.file)
        if path not in self._templates:
            self.files.territory.check(path)
            self._templates[path] = read_source(path)
        is_exclusive = self.project.is_only_of(spot.file, place.tree, place.node)
        return template_edits(self._templates[path], spot, reading, is_exclusive=is_exclusive)

    def _homes(self, finding: Finding) -> Mapping[str, object]:
        spot = finding.trigger
        if spot is None or not spot.file.endswith(".py"):
            return {}
        return names_of(self.files.tree(spot.file).source)

    def texts(self, changes: Iterable[Change]) -> dict[Path, tuple[Source, str]]:
        """
        Return the files that some changes touch, each with its new text.

        Raises:
            CannotFixError: If two of them meet, or what comes out is no Python.
        """
        edits: dict[Path, tuple[Edit, ...]] = {}
        imports: dict[Path, Imports] = {}
        for change in changes:
            edits = _with(edits, change.edits)
            tree = self.files.trees[change.path]
            merged = imports.setdefault(change.path, Imports(tree, names_of(tree.source)))
            merged.take(change.imports)
        found = {}
        for path, pieces in edits.items():
            parsed = self.files.trees.get(path)
            source = parsed.source if parsed is not None else self._templates[path]
            more = imports[path].edits() if path in imports else []
            text = apply_edits(source.text, [*pieces, *more])
            if parsed is not None:
                _check(text)
            if text != source.text:
                found[path] = (source, text)
        return found


def _with(
    edits: Mapping[Path, tuple[Edit, ...]], more: Mapping[Path, tuple[Edit, ...]]
) -> dict[Path, tuple[Edit, ...]]:
    return {path: (*edits.get(path, ()), *more.get(path, ())) for path in (*edits, *more)}


def _check(text: str) -> None:
    try:
        cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        msg = "the code that would come out is no Python: write it by hand"
        raise CannotFixError(msg) from error
