"""What silenced nothing in a run, and may go."""

from collections.abc import Iterable, Iterator

from quell.events import Pattern, Span
from quell.findings import Silenced
from quell.silencing.comments import Comment, comments_in
from quell.wording.outcomes import STALE


def comment_remarks(
    seen: Iterable[Span], silenced: Iterable[Silenced], codes: Iterable[str]
) -> Iterator[tuple[str, str]]:
    """
    Yield the place of a comment and what is wrong with it: a mistake, or that it silenced nothing.

    Args:
        seen: The code that was at work; a comment elsewhere is not judged.
        silenced: Everything that was silenced in the run.
        codes: What the run could have found.
    """
    used = {(item.where, item.finding.code) for item in silenced if item.by == "comment"}
    looked_for = frozenset(codes)
    for comment in _comments(seen):
        where = str(comment)
        for complaint in comment.complaints:
            yield where, complaint
        stale = [code for code in comment.codes if code in looked_for and (where, code) not in used]
        if stale and not (comment.complaints and not comment.first):
            yield where, STALE(codes=",".join(stale))


def _comments(seen: Iterable[Span]) -> list[Comment]:
    """Return the comments in the code that was at work, each once, sorted."""
    found: set[Comment] = set()
    for span in seen:
        for comment in comments_in(span.file, is_template=span.is_template).all:
            first, last = comment.first or comment.line, comment.last or comment.line
            if first <= span.last and last >= span.first:
                found.add(comment)
    return sorted(found, key=lambda comment: (comment.file, comment.line))


def stale_patterns(patterns: Iterable[Pattern], silenced: Iterable[Silenced]) -> Iterator[Pattern]:
    """Yield the patterns of the setting that silenced nothing."""
    used = {item.where for item in silenced if item.by == "setting"}
    yield from (pattern for pattern in patterns if pattern.source not in used)
