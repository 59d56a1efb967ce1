"""``quell profile --record``: what visits of pages show that querysets need."""

from collections.abc import Callable, Sequence

from quell.management.profiling.visiting import Visitor
from quell.recording import Recorder


def record_pages(
    urls: Sequence[tuple[str, str]],
    visitor: Visitor,
    *,
    warn: Callable[[str], None],
    show: Callable[[str], None],
) -> Recorder:
    """
    Visit each page once, and return what the querysets need; a page that cannot be judged is one line of warning.

    Args:
        urls: Paths, each with what speaks against a visit.
        visitor: Who visits, and how nothing is left behind.
        warn: Takes a line about a page.
        show: Takes what is visited at the moment.
    """
    recorder = Recorder()
    for number, (path, problem) in enumerate(urls, 1):
        show(f"{number}/{len(urls)} {path}")
        page = Recorder()
        reason = problem
        if not reason:
            with page.block():
                reason = visitor.visit(path).problem
        if not reason and page.skipped_count:
            reason = "ran too many statements to tell what it needs: raise QUELL_MAX_EVENTS"
        if reason:
            # What is missing may be the use.
            warn(f"{path} {reason}")
        else:
            recorder.add(page.needs)
    show("")
    return recorder
