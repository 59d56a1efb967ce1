"""
A process that visits pages with some files changed.

The job is a file that the parent wrote, and the answer is written beside it; nothing else is read from them.
"""

import os
import pickle
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from quell.advice.comparison import Output

if TYPE_CHECKING:
    from quell.management.profiling.visiting import Visitor


@dataclass(frozen=True, slots=True)
class Job:
    """What to visit, as whom, with which files changed."""

    settings: str
    search_path: tuple[str, ...]
    urls: tuple[str, ...]
    user: str
    databases: tuple[tuple[str, ...], ...]
    texts: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Seen:
    """
    What the visits of one page gave.

    ``outputs`` are those of two visits behind a warm one. ``patterns`` are what is found: code, model, path, and the
    file and function of the origin.
    """

    outputs: tuple[Output, ...] = ()
    problem: str = ""
    queries: int = 0
    patterns: frozenset[tuple[str, ...]] = frozenset()


def main() -> None:
    """Do one job."""
    file = Path(sys.argv[1])
    job: Job = pickle.loads(file.read_bytes())
    sys.path[:] = job.search_path
    os.environ["DJANGO_SETTINGS_MODULE"] = job.settings
    from quell.management.fixing.overlay import install_modules, install_templates

    install_modules(job.texts)
    import django

    django.setup()
    install_templates(job.texts)
    is_same = databases() == job.databases
    file.with_suffix(".out").write_bytes(pickle.dumps(_visit(job) if is_same else {}))


def databases() -> tuple[tuple[str, ...], ...]:
    """Return which databases this process uses: a test has others than the settings say."""
    from django.db import connections

    keys = ("ENGINE", "NAME", "HOST", "PORT")
    return tuple(
        (alias, *(str(connections[alias].settings_dict.get(key)) for key in keys)) for alias in connections
    )


def _visit(job: Job) -> dict[str, Seen]:
    from quell.management.profiling.isolation import Aliases, in_memory
    from quell.management.profiling.surroundings import find_user
    from quell.management.profiling.visiting import Visitor

    aliases = Aliases()
    with in_memory():
        user = find_user(job.user, aliases) if job.user else None
        visitor = Visitor(aliases, user)
        return {url: _see(visitor, url) for url in job.urls}


def _see(visitor: "Visitor", url: str) -> Seen:
    from quell.pipeline import watch

    warm = visitor.visit(url)
    if warm.problem:
        return Seen(problem=warm.problem)
    with watch() as seen:
        first = visitor.visit(url)
    second = visitor.visit(url)
    patterns = frozenset(
        (
            item.code,
            item.model,
            item.path,
            item.origin.file if item.origin is not None else "",
            item.origin.function if item.origin is not None else "",
        )
        for item in seen.findings
    )
    queries = len(seen.queries) + seen.dropped_count
    return Seen((first.output, second.output), first.problem, queries, patterns)
