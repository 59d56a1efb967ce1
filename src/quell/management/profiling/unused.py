"""What no page uses: one more visit of every page, all judged together."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from quell.events import Recording
from quell.findings import Finding
from quell.management.profiling.visiting import Visitor
from quell.pipeline import watch
from quell.reporting.report import Page

# What only a profile finds.
CODES = frozenset({"Q106", "Q107"})


def with_unused(pages: Sequence[Page], visitor: Visitor) -> tuple[list[Page], str]:
    """
    Visit every page once more, and add what all of them load for nothing.

    A relation that another page uses by the same queryset is used.

    Returns:
        The pages, each finding on the first page that loads it, with the labels of all pages that do; and a line
        that says why nothing can be said, or an empty text.
    """
    fetches: dict[int, AbstractSet[int]] = {}
    with watch(profile=True) as whole:
        for number, page in enumerate(pages):
            if not page.problem:
                with watch(label=page.label) as seen:
                    visitor.visit(page.path)
                fetches[number] = {event.fetch for event in seen.queries}
    if whole.dropped_count:
        return list(
            pages
        ), "Too many statements to tell what is unused: raise QUELL_MAX_EVENTS, or visit fewer pages."
    found = [finding for finding in whole.findings if finding.code in CODES]
    recording = whole.recording
    for finding in found:
        pages = _with(pages, finding, _loading(finding, recording, fetches))
    return list(pages), ""


def _loading(
    finding: Finding, recording: Recording, fetches: Mapping[int, AbstractSet[int]]
) -> Sequence[int]:
    """Return the numbers of the pages that run the queryset of a finding."""
    same = {
        fetch.number
        for fetch in recording.fetches
        if (fetch.origin, fetch.model) == (finding.origin, finding.model)
    }
    wanted = same | set(finding.fetches)
    return [number for number, run in fetches.items() if run & wanted]


def _with(pages: Sequence[Page], finding: Finding, numbers: Sequence[int]) -> Sequence[Page]:
    if not numbers:
        return pages
    labels = tuple(dict.fromkeys(pages[number].label for number in numbers))
    first = pages[numbers[0]]
    changed = replace(first, findings=(*first.findings, replace(finding, labels=labels)))
    return [changed if page is first else page for page in pages]
