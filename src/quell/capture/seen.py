"""Which code a scope saw at work: what a comment in it was good for can be judged."""

from collections.abc import Iterator

from quell.capture.lines import node_location
from quell.capture.scope import Scope
from quell.events import Fetch, Location, Recording, Span
from quell.lineage.callpath import Frame
from quell.lineage.drivers import NodeNote
from quell.lineage.usercode import is_user_code, is_user_file


def seen_code(scope: Scope, recording: Recording) -> frozenset[Span]:
    """Return the functions and templates of user code that statements came from, and the lines of their places."""
    frames = {
        (id(frame.code), id(frame.note)): frame for path in scope.paths.values() for frame in path.frames
    }
    found = {span for frame in frames.values() if (span := _span_of(frame)) is not None}
    return frozenset(found | set(_lines(recording)))


def _span_of(frame: Frame) -> Span | None:
    if isinstance(frame.note, NodeNote):
        spot = node_location(frame.note)
        return _whole(spot.file) if spot is not None and is_user_file(spot.file) else None
    if not is_user_code(frame.code):
        return None
    lines = [line for _, _, line in frame.code.co_lines() if line]
    return Span(frame.code.co_filename, min(lines), max(lines)) if lines else None


def _lines(recording: Recording) -> Iterator[Span]:
    """Yield the lines of origins and triggers: where a framework did the work, it is that of a class."""
    for spot in {spot for fetch in recording.fetches for spot in _spots(fetch)}:
        # Code always has a function.
        yield Span(spot.file, spot.line, spot.line) if spot.function else _whole(spot.file)


def _spots(fetch: Fetch) -> Iterator[Location]:
    yield from (spot for spot in (fetch.origin, fetch.trigger) if spot is not None)


def _whole(file: str) -> Span:
    return Span(file, 1, 1_000_000_000, is_template=True)
