"""What a rerun left of what was found."""

from collections.abc import Sequence

from quell.findings import Finding, Silenced


def without(findings: Sequence[Finding], known: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the findings whose pattern is in none of the known ones."""
    return tuple(each for each in findings if not any(is_same_pattern(each, other) for other in known))


def without_silenced(silenced: Sequence[Silenced], known: Sequence[Silenced]) -> tuple[Silenced, ...]:
    """Return the silenced findings whose pattern is in none of the known ones."""
    left = without([each.finding for each in silenced], [each.finding for each in known])
    return tuple(each for each in silenced if each.finding in left)


def is_same_pattern(finding: Finding, other: Finding) -> bool:
    """Tell whether a line still does what was found; a second call on the same relation is another finding."""
    return _pattern(finding) == _pattern(other) and (
        finding.trigger == other.trigger or not set(finding.triggers).isdisjoint(other.triggers)
    )


def _pattern(finding: Finding) -> tuple[str, ...]:
    return finding.kind, finding.model, finding.path, str(finding.origin), finding.asked
