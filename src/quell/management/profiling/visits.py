"""All visits of a command, one after the other, none of which leaves anything behind."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from quell.checks import check_settings
from quell.exceptions import UsageError
from quell.management.console import Console
from quell.management.profiling.isolation import Aliases, in_memory
from quell.management.profiling.running import PageProfiler
from quell.management.profiling.surroundings import database_problems, find_user
from quell.management.profiling.traffic import read_access_log, read_har
from quell.management.profiling.unused import with_unused
from quell.management.profiling.urls import exclusion, label_of, page_urls, path_of
from quell.management.profiling.visiting import Visitor
from quell.reporting.report import Page

T = TypeVar("T")
# A path, and what speaks against visiting it.
Urls = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to visit, and how; ``har`` and ``access_log`` are files that name the pages."""

    urls: tuple[str, ...] = ()
    user: str = ""
    repeat: int = 1
    is_list: bool = False
    with_unused: bool = False
    har: Path | None = None
    access_log: Path | None = None

    @property
    def is_whole(self) -> bool:
        """Tell whether these are all pages."""
        return not (self.urls or self.har or self.access_log)


def wanted_of(options: dict[str, Any]) -> Wanted:
    """Return what the options of a verb ask for; not every verb has all of them."""
    return Wanted(
        urls=tuple(options["urls"]),
        user=options["user"] or "",
        repeat=options.get("repeat", 1),
        is_list=options.get("list", False),
        with_unused=options["unused"],
        har=options.get("har"),
        access_log=options.get("access_log"),
    )


def profile_pages(wanted: Wanted, console: Console) -> list[Page] | None:
    """
    Return what the visits showed, or ``None`` after a list of them.

    Raises:
        UsageError: If the pages or the user cannot be told.
    """

    def visit(urls: Urls, visitor: Visitor) -> list[Page]:
        pages = _visit(urls, PageProfiler(visitor, repeat=wanted.repeat), console)
        if wanted.with_unused:
            pages, remark = with_unused(pages, visitor)
            if remark:
                console.warn(remark)
        return pages

    pages = visits(wanted, console, visit)
    if pages is None or wanted.is_whole or wanted.urls:
        return pages
    # What somebody else asked for is not to be told: its route is.
    return [replace(page, path=page.label.removeprefix("GET ")) for page in pages]


def visits(wanted: Wanted, console: Console, visit: Callable[[Urls, Visitor], T]) -> T | None:
    """
    Return what somebody makes of visits that leave nothing behind, or ``None`` after a list of them.

    Raises:
        UsageError: If the pages or the user cannot be told.
    """
    aliases = prepared(console)
    with in_memory():
        # A sample URL may need a row, and a callable that finds it may write one.
        with aliases.rolled_back():
            urls = _urls(wanted, console)
        if wanted.is_list:
            console.print("\n".join(url for url, problem in urls if not problem))
            return None
        warn_of_databases(aliases, console)
        user = find_user(wanted.user, aliases) if wanted.user else None
        return visit(urls, Visitor(aliases, user))


def prepared(console: Console) -> Aliases:
    """Return the databases, after a line for each wrong setting."""
    for message in check_settings(app_configs=None):
        console.warn(f"{message.id}: {message.msg} {message.hint or ''}".strip())
    return Aliases()


def warn_of_databases(aliases: Aliases, console: Console) -> None:
    """Print a line for each database that does not answer, or lacks migrations."""
    for line in database_problems(aliases):
        console.warn(line)


def _urls(wanted: Wanted, console: Console) -> Urls:
    """Return the paths to visit, each with what speaks against it."""
    found = page_urls(console.warn)
    if wanted.is_whole:
        return [(path, "") for path in found]
    given = wanted.urls
    if wanted.har or wanted.access_log:
        traffic = read_har(wanted.har) if wanted.har else read_access_log(wanted.access_log or Path())
        if not traffic.urls:
            msg = (
                f"{traffic.remark}. There is no page to visit: name a file with GET requests of this project."
            )
            raise UsageError(msg)
        console.warn(traffic.remark)
        given = traffic.urls
    reason_of = exclusion(lambda line: None)
    return [_judged(url, reason_of) for url in dict.fromkeys(given)]


def _judged(url: str, reason_of: Callable[[str], str]) -> tuple[str, str]:
    try:
        path = path_of(url)
    except UsageError as error:
        return url, str(error)
    return path, reason_of(path)


def _visit(urls: Urls, profiler: PageProfiler, console: Console) -> list[Page]:
    pages = []
    for number, (path, problem) in enumerate(urls, 1):
        console.show_progress(f"{number}/{len(urls)} {path}")
        if problem:
            pages.append(Page(path=path, label=label_of(path), problem=problem))
        else:
            pages.append(profiler.profile(path))
    console.show_progress("")
    return pages
