"""``manage.py quell <verb>``."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from time import time
from typing import Any, TypeVar

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from quell.checks import check_settings
from quell.exceptions import UsageError
from quell.loading.recorded.keeping import check, keep
from quell.management import outbox
from quell.management.coverage import check_views
from quell.management.fixing.source import CannotFixError
from quell.management.folding import add_fold, fold
from quell.management.profiling.isolation import Aliases, in_memory
from quell.management.profiling.options import add_recording, json_file, positive, repeat_common_options
from quell.management.profiling.output import Paint, as_json, as_text
from quell.management.profiling.pages import Page
from quell.management.profiling.recorded import record_pages
from quell.management.profiling.running import PageProfiler
from quell.management.profiling.surroundings import database_problems, find_user
from quell.management.profiling.unused import with_unused
from quell.management.profiling.urls import exclusion, page_urls, path_of
from quell.management.profiling.verdict import baseline_file, decide, read_baseline, rewrite
from quell.management.profiling.visiting import Visitor
from quell.recording import Recorder
from quell.silencing.baseline import Baseline, read

T = TypeVar("T")

# Findings are 1, as of a linter; what keeps the command from running is another thing.
USAGE_ERROR = 2
_DESCRIPTION = """
Visit pages, report findings, prove each fix. Rows, mail, caches and sessions stay as they were;
what threads of a view write, and calls of other services, cannot be undone.
"""


class Command(BaseCommand):
    """Find needless database work and prove the fixes."""

    help = "Find needless database work and prove the fixes."
    # A wrong setting is one line of the report, not the end of it.
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="verb")
        profile = verbs.add_parser(
            "profile",
            help="visit pages, report findings, prove each fix",
            description=_DESCRIPTION,
        )
        profile.add_argument("urls", nargs="*", metavar="URL", help="pages to visit (default: all)")
        profile.add_argument("--user", help="visit as this user: a username, an e-mail address or a key")
        profile.add_argument("--list", action="store_true", help="print what would be visited, and stop")
        profile.add_argument("--format", choices=("text", "json"), default="text")
        profile.add_argument("--repeat", type=positive, default=1, help="timed runs per page (default: 1)")
        profile.add_argument("--baseline", metavar="FILE", help="let the findings in this file pass")
        profile.add_argument(
            "--write-baseline",
            nargs="?",
            const="",
            type=json_file,
            metavar="FILE",
            help="write what is found to the baseline, and let it pass from now on",
        )
        profile.add_argument(
            "--unused", action="store_true", help="also find what no page uses (one more visit)"
        )
        profile.add_argument("--advice", action="store_true", help="exit 1 also where there is advice alone")
        add_recording(profile)
        repeat_common_options(profile)
        profile.add_argument("--allow-production", action="store_true", help="run although DEBUG is off")
        self._add_fix(verbs)
        outbox.add_parser(verbs)
        add_fold(verbs)
        verbs.add_parser(
            "check",
            help="tell which plans of views miss what their serializers read",
            description="Compare the plan of each action with what its serializer reads. No page is visited.",
        )

    def _add_fix(self, verbs: Any) -> None:  # noqa: ANN401 -- argparse names no class for it
        fix = verbs.add_parser(
            "fix",
            help="write proven fixes into the source",
            description="Profile pages, write each proven fix into the source, and run that before it is kept.",
        )
        fix.add_argument("urls", nargs="*", metavar="URL", help="pages to visit (default: all)")
        fix.add_argument("--user", help="visit as this user: a username, an e-mail address or a key")
        fix.add_argument("--apply", action="store_true", help="write the files (default: show the diff)")
        fix.add_argument(
            "--also",
            action="append",
            type=Path,
            default=[],
            metavar="FOLDER",
            help="change files below this folder, too, such as an installed application",
        )
        fix.add_argument(
            "--unused",
            action="store_true",
            help="also take out what no page uses (one more visit of every page)",
        )
        fix.set_defaults(list=False, repeat=1)
        repeat_common_options(fix)
        fix.add_argument("--allow-production", action="store_true", help="run although DEBUG is off")

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401 -- as argparse parsed them
        """Run a verb; exits 1 when there are findings."""
        if options["verb"] == "check":
            self._check()
        elif options["verb"] == "outbox":
            self._run_outbox(options)
        elif options["verb"] == "fold":
            self._print(fold())
        else:
            self._visit_pages(options)

    def _check(self) -> None:
        """Compare plans with serializers; exits 1 when one misses something."""
        text, is_missing = check_views()
        self._print(text)
        if is_missing:
            sys.exit(1)

    def _run_outbox(self, options: dict[str, Any]) -> None:
        try:
            outbox.run(options, self._print)
        except UsageError as error:
            raise CommandError(str(error), returncode=USAGE_ERROR) from error

    def _visit_pages(self, options: dict[str, Any]) -> None:
        if not settings.DEBUG and not options["allow_production"]:
            msg = "DEBUG is off. Profile a development machine, or pass --allow-production to visit this one."
            raise CommandError(msg, returncode=USAGE_ERROR)
        if options["verb"] == "fix":
            self._fix(options)
            return
        if options["record"] is not None or options["check"] or options["anew"]:
            self._record(options)
            return
        try:
            baseline = None if options["list"] else self._baseline(options)
            pages = self._run(options)
            if pages is None:
                return
            if options["write_baseline"] is not None:
                file = baseline_file(options["write_baseline"] or options["baseline"])[0]
                self._warn(rewrite(pages, file, baseline[1] if baseline else Baseline()))
                baseline = file, read(file)
        except UsageError as error:
            raise CommandError(str(error), returncode=USAGE_ERROR) from error
        verdict = decide(pages, baseline, is_whole=not options["urls"])
        as_wanted = as_json(pages, verdict) if options["format"] == "json" else None
        self._print(as_wanted or as_text(pages, verdict, self._paint(options)))
        if verdict.findings or (options["advice"] and verdict.advice):
            sys.exit(1)

    def _fix(self, options: dict[str, Any]) -> None:
        """Profile, change the source, and exit 1 as long as something is left to do."""
        if find_spec("libcst") is None:
            msg = 'quell fix needs LibCST: pip install "django-quell[fix]"'
            raise CommandError(msg, returncode=USAGE_ERROR)
        from quell.management.fixing import report, running

        since = time()
        if options["unused"] and options["urls"]:
            msg = "--unused judges what no page uses, so it visits all pages: leave out the URLs"
            raise CommandError(msg, returncode=USAGE_ERROR)
        try:
            pages = self._run(options) or []
            wanted = running.Options(
                apply=options["apply"], user=options["user"] or "", also=tuple(options["also"]), since=since
            )
            result = running.fix(pages, wanted)
        except (UsageError, CannotFixError) as error:
            raise CommandError(str(error), returncode=USAGE_ERROR) from error
        for page in pages:
            if page.problem:
                self._warn(f"{page.path} {page.problem}")
        self._print(report.as_text(result, self._paint(options)))
        if not result.is_done:
            sys.exit(1)

    def _record(self, options: dict[str, Any]) -> None:
        """Record what pages need; with ``--check``, exit 1 where the file says something else."""
        if options["record"] is None:
            msg = "--check and --anew are for a recording: name its file with --record FILE"
            raise CommandError(msg, returncode=USAGE_ERROR)
        file = Path(options["record"])
        try:
            recorder = self._visits(options, self._record_pages)
            if recorder is None:
                return
            found = (check if options["check"] else keep)(recorder.needs, file, is_anew=options["anew"])
        except UsageError as error:
            raise CommandError(str(error), returncode=USAGE_ERROR) from error
        self._print("\n".join(found.lines))
        if found.has_drifted:
            sys.exit(1)

    def _record_pages(
        self, urls: Sequence[tuple[str, str]], visitor: Visitor, options: dict[str, Any]
    ) -> Recorder:
        return record_pages(urls, visitor, warn=self._warn, show=self._show_progress)

    def _paint(self, options: dict[str, Any]) -> Paint:
        is_on = options["force_color"] or (_is_terminal(self.stdout) and not options["no_color"])
        return Paint(is_on=is_on)

    def _baseline(self, options: dict[str, Any]) -> tuple[Path, Baseline] | None:
        """Return what is known so far; a file that is to be written need not exist, but is not overwritten blindly."""
        if options["write_baseline"] is None:
            return read_baseline(options["baseline"])
        file = baseline_file(options["write_baseline"] or options["baseline"])[0]
        return (file, read(file)) if file.exists() else None

    def _run(self, options: dict[str, Any]) -> list[Page] | None:
        """Return what the visits showed, or ``None`` after a list of them."""
        return self._visits(options, self._profile_pages)

    def _profile_pages(
        self, urls: Sequence[tuple[str, str]], visitor: Visitor, options: dict[str, Any]
    ) -> list[Page]:
        pages = self._visit(urls, PageProfiler(visitor, repeat=options["repeat"]))
        return self._add_unused(pages, visitor) if options["unused"] else pages

    def _visits(
        self,
        options: dict[str, Any],
        visit: Callable[[Sequence[tuple[str, str]], Visitor, dict[str, Any]], T],
    ) -> T | None:
        """Return what somebody makes of visits that leave nothing behind, or ``None`` after a list of them."""
        for message in check_settings(app_configs=None):
            self._warn(f"{message.id}: {message.msg} {message.hint or ''}".strip())
        aliases = Aliases()
        with in_memory():
            # A sample URL may need a row, and a callable that finds it may write one.
            with aliases.rolled_back():
                urls = self._urls(options["urls"])
            if options["list"]:
                self._print("\n".join(url for url, problem in urls if not problem))
                return None
            for line in database_problems(aliases):
                self._warn(line)
            user = find_user(options["user"], aliases) if options["user"] else None
            return visit(urls, Visitor(aliases, user), options)

    def _urls(self, given: Sequence[str]) -> list[tuple[str, str]]:
        """Return the paths to visit, each with what speaks against it."""
        found = page_urls(self._warn)
        if not given:
            return [(path, "") for path in found]
        is_excluded = exclusion(lambda line: None)
        return [_judged(url, is_excluded) for url in dict.fromkeys(given)]

    def _visit(self, urls: Sequence[tuple[str, str]], profiler: PageProfiler) -> list[Page]:
        pages = []
        for number, (path, problem) in enumerate(urls, 1):
            self._show_progress(f"{number}/{len(urls)} {path}")
            pages.append(Page(path=path, label="", problem=problem) if problem else profiler.profile(path))
        self._show_progress("")
        return pages

    def _add_unused(self, pages: list[Page], visitor: Visitor) -> list[Page]:
        found, remark = with_unused(pages, visitor)
        if remark:
            self._warn(remark)
        return found

    def _show_progress(self, text: str) -> None:
        """Show what is visited, on a terminal only."""
        if _is_terminal(self.stderr):
            self.stderr.write(f"\r\x1b[K{text}", lambda line: line, ending="")

    def _warn(self, line: str) -> None:
        self.stderr.write(line)

    def _print(self, text: str) -> None:
        encoding = getattr(self.stdout, "encoding", None) or "utf-8"
        self.stdout.write(text.encode(encoding, "replace").decode(encoding))


def _judged(url: str, is_excluded: Callable[[str], bool]) -> tuple[str, str]:
    try:
        path = path_of(url)
    except UsageError as error:
        return url, str(error)
    return path, "is excluded: a logout, or named by QUELL_PROFILE_EXCLUDE" if is_excluded(path) else ""


def _is_terminal(stream: object) -> bool:
    return bool(getattr(stream, "isatty", lambda: False)())
