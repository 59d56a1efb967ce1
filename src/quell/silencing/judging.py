"""
Split findings into those to report and those that somebody silenced.

# Note [Silence what ran, not what is alike]
A comment on the line that built a queryset silences the whole finding. A block, a comment on a line that caused
loads, or a pattern with a file silences those statements only: the others are judged again without them, and
reported with a count of their own. So no choice hides a second cause, and none makes a count wrong.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from quell.events import Location, Pattern, QueryEvent, Recording, SideEffect, TransactionEvent
from quell.findings import CODES_OF_PROFILES, CODES_OF_TRANSACTIONS, Finding, Silenced
from quell.silencing.comments import Comment, comments_at
from quell.silencing.patterns import holds, is_placed, means
from quell.wording.outcomes import COMPLAINT

Analyse = Callable[[Recording], Sequence[Finding]]
Without = Callable[[Recording, Iterable[QueryEvent]], Recording]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The findings to report, those that are silenced, and what is wrong with comments that were met."""

    findings: tuple[Finding, ...] = ()
    silenced: tuple[Silenced, ...] = ()
    complaints: tuple[str, ...] = ()


def silence(
    findings: Sequence[Finding],
    recording: Recording,
    patterns: Sequence[Pattern],
    *,
    analyse: Analyse,
    without: Without,
) -> Outcome:
    """
    Split findings by comments, blocks and patterns.

    Args:
        findings: What the analysis of the recording found.
        recording: What the scope saw.
        patterns: Those of the setting.
        analyse: Runs every rule over a recording.
        without: Returns a recording without some statements.

    Cost: no query; the rules run again only where a part of a finding's statements is silenced.
    """
    if not findings:
        return Outcome()
    judge = _Judge(recording, patterns, analyse, without)
    reported: list[Finding] = []
    silenced: list[Silenced] = []
    for finding in findings:
        left, gone = judge.split(finding)
        reported.extend(item for item in left if item not in reported)
        silenced.extend(gone)
    ordered = sorted(reported, key=lambda finding: -finding.saved_queries)
    return Outcome(tuple(ordered), tuple(silenced), _complaints(findings))


class _Judge:
    """Decides about one finding after the other of one recording."""

    def __init__(
        self, recording: Recording, patterns: Sequence[Pattern], analyse: Analyse, without: Without
    ) -> None:
        self._recording = recording
        self._patterns = patterns
        self._analyse = analyse
        self._without = without
        self._has_blocks = any(event.ignored for event in recording.queries)
        self._known: dict[tuple[int, ...], tuple[Finding, ...]] = {}

    def split(self, finding: Finding) -> tuple[tuple[Finding, ...], tuple[Silenced, ...]]:
        """Return what is left of a finding to report, and what is silenced of it."""
        whole = self._cause_of_all(finding)
        if whole is not None:
            return (), (replace(whole, finding=finding),)
        if finding.code in CODES_OF_TRANSACTIONS:
            return self._split_transactions(finding)
        events, cause = self._silenced_events(finding)
        if cause is None:
            return (finding,), ()
        left = self._left_of(finding, events)
        count = sum(item.count for item in left)
        if count >= finding.count:
            return (finding,), ()
        gone = replace(
            finding,
            count=finding.count - count,
            saved_queries=max(finding.saved_queries - sum(item.saved_queries for item in left), 1),
        )
        return left, (replace(cause, finding=gone),)

    def _split_transactions(self, finding: Finding) -> tuple[tuple[Finding, ...], tuple[Silenced, ...]]:
        """Return what is left of a finding when transactions and effects inside of blocks that mean it are gone."""
        recording = self._recording
        noted: tuple[SideEffect | TransactionEvent, ...] = (*recording.effects, *recording.transactions)
        gone = [cause for item in noted if (cause := _block_around(finding, item)) is not None]
        if not gone:
            return (finding,), ()
        rest = replace(
            recording,
            effects=tuple(item for item in recording.effects if not _block_around(finding, item)),
            transactions=tuple(item for item in recording.transactions if not _block_around(finding, item)),
        )
        same = [each for each in self._analyse(rest) if _is_same(each, finding)]
        left = tuple(replace(each, labels=finding.labels) for each in same if each.trigger == finding.trigger)
        count = finding.count - sum(each.count for each in left)
        return left, (replace(gone[0], finding=replace(finding, count=count)),) if count else ()

    def _cause_of_all(self, finding: Finding) -> Silenced | None:
        """Return what silences a finding as a whole, or ``None``."""
        for comment in comments_at(finding.origin):
            if finding.code in comment.codes:
                return _by_comment(finding, comment)
        for pattern in self._patterns:
            if means(pattern, finding) and holds(pattern, finding.origin):
                return _by_pattern(finding, pattern, "setting")
        causes = [self._cause_at(finding, spot) for spot in _triggers(finding)]
        return causes[0] if causes and all(causes) else None

    def _cause_at(self, finding: Finding, spot: Location | None) -> Silenced | None:
        """Return what silences the statements of one line, or ``None``."""
        for comment in comments_at(spot):
            if finding.code in comment.codes:
                return _by_comment(finding, comment)
        for pattern in self._patterns:
            if is_placed(pattern) and means(pattern, finding) and holds(pattern, spot):
                return _by_pattern(finding, pattern, "setting")
        return None

    def _silenced_events(self, finding: Finding) -> tuple[list[QueryEvent], Silenced | None]:
        """Return the statements that are silenced with regard to a finding, and what silences the first of them."""
        by_spot: dict[Location | None, Silenced] = {
            spot: cause for spot in _triggers(finding) if (cause := self._cause_at(finding, spot))
        }
        events: list[QueryEvent] = []
        first: Silenced | None = None
        for event in self._statements(finding) if by_spot or self._has_blocks else ():
            cause = by_spot.get(event.trigger) or _block_around(finding, event)
            if cause is not None:
                events.append(event)
                first = first or cause
        return events, first

    def _statements(self, finding: Finding) -> Sequence[QueryEvent]:
        """Return the statements that a finding is about, as far as it tells; else all that its lines caused."""
        if finding.statements:
            return finding.statements
        queries = self._recording.queries
        if finding.code in CODES_OF_PROFILES:
            return [event for event in queries if event.fetch and event.fetch in finding.fetches]
        spots = _triggers(finding)
        return [event for event in queries if event.trigger in spots or not spots]

    def _left_of(self, finding: Finding, events: Sequence[QueryEvent]) -> tuple[Finding, ...]:
        """Return the findings that the other statements make of the same cause."""
        if finding.statements or finding.code in CODES_OF_PROFILES:
            if len(events) == len(self._statements(finding)):
                return ()
            if not finding.statements:
                # It is about what was loaded: what another statement loads is as useless.
                return (finding,)
        key = tuple(map(id, events))
        if key not in self._known:
            found = self._analyse(self._without(self._recording, events))
            self._known[key] = tuple(replace(item, labels=finding.labels) for item in found)
        same = [
            # What another call of its line was silenced for does not make it another cause.
            replace(item, is_beside=finding.is_beside)
            for item in self._known[key]
            if _is_same(item, finding)
        ]
        exact = [item for item in same if item.trigger == finding.trigger]
        return tuple(exact or same)


def _triggers(finding: Finding) -> tuple[Location, ...]:
    spots = dict.fromkeys((finding.trigger, *finding.triggers))
    return tuple(spot for spot in spots if spot is not None)


def _is_same(part: Finding, whole: Finding) -> bool:
    """Tell whether a finding is what is left of another: its lines are some of the other's."""
    return (
        (part.code, part.model, part.path, part.asked) == (whole.code, whole.model, whole.path, whole.asked)
        and part.count <= whole.count
        and set(_triggers(part)) <= set(_triggers(whole))
        and (part.origin == whole.origin or part.origin in _triggers(whole))
    )


def _block_around(finding: Finding, event: QueryEvent | SideEffect | TransactionEvent) -> Silenced | None:
    for pattern in event.ignored:
        if means(pattern, finding):
            return _by_pattern(finding, pattern, "block")
    return None


def _by_comment(finding: Finding, comment: Comment) -> Silenced:
    return Silenced(finding=finding, by="comment", where=str(comment), reason=comment.reason)


def _by_pattern(finding: Finding, pattern: Pattern, by: Literal["block", "setting"]) -> Silenced:
    return Silenced(finding=finding, by=by, where=pattern.source, reason=pattern.reason)


def _complaints(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return one line for each mistake in the comments on the lines of findings."""
    spots = [spot for finding in findings for spot in (finding.origin, *_triggers(finding))]
    comments = dict.fromkeys(comment for spot in spots for comment in comments_at(spot))
    return tuple(
        COMPLAINT(place=str(comment), complaint=complaint)
        for comment in comments
        for complaint in comment.complaints
    )
