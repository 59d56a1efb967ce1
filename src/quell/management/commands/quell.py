"""``manage.py quell <verb>``."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from time import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from quell.exceptions import UsageError
from quell.management import comparing, coverage, explaining, outbox
from quell.management.console import Console
from quell.management.fixing.source import CannotFixError
from quell.management.folding import add_fold, fold
from quell.management.profiling.options import ParserWithProcess, add_profile, repeat_common_options
from quell.management.profiling.verbs import profile
from quell.management.profiling.visits import profile_pages, wanted_of

# Findings are 1, as of a linter; what keeps the command from running is another thing.
USAGE_ERROR = 2
_DESCRIPTION = """
Visit pages, report findings, prove each fix. Rows, mail, caches and sessions stay as they were;
what threads of a view write, and calls of other services, cannot be undone. A command that runs
pytest may stand behind --, to profile each test instead: quell profile -- pytest tests/
"""


class Command(BaseCommand):
    """Find needless database work and prove the fixes."""

    help = "Find needless database work and prove the fixes."
    # A wrong setting is one line of the report, not the end of it.
    requires_system_checks: tuple[str, ...] = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:  # noqa: ANN401 -- as Django has it
        """Return the parser; without ``manage.py`` there is no name in front of the verb but that of the program."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.prog = parser.prog.strip()
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the verbs."""
        verbs = parser.add_subparsers(
            dest="verb", required=True, metavar="verb", parser_class=ParserWithProcess
        )
        add_profile(
            verbs.add_parser(
                "profile", help="visit pages, report findings, prove each fix", description=_DESCRIPTION
            )
        )
        _add_fix(
            verbs.add_parser(
                "fix",
                help="write proven fixes into the source",
                description="Profile pages, write each proven fix into the source, and run that before it is kept.",
            )
        )
        check = verbs.add_parser(
            "check",
            help="tell which plans of views miss what their serializers read",
            description="Compare the plan of each action with what its serializer reads. No page is visited.",
        )
        coverage.add_arguments(check)
        outbox.add_parser(verbs)
        add_fold(verbs)
        comparing.add_arguments(
            verbs.add_parser(
                "diff",
                help="compare two reports: new, fixed, worse",
                description="Compare two reports in JSON; exit 1 when something is new or worse.",
            )
        )
        explaining.add_arguments(
            verbs.add_parser(
                "explain",
                help="print the page about a code",
                description="Print what a code means, with wrong and right code; without a code, all of them.",
            )
        )

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401 -- as argparse parsed them
        """Run a verb; exits 1 when there are findings, and 2 when a page that was named could not be judged."""
        run: dict[str, Callable[[dict[str, Any], Console], int]] = {
            "profile": self._profile,
            "fix": self._fix,
            "check": _check,
            "diff": comparing.compare,
            "explain": explaining.explain_code,
            "fold": _fold,
            "outbox": _run_outbox,
        }
        console = Console(self.stdout, self.stderr, options)
        try:
            code = run[options["verb"]](options, console)
        except (UsageError, CannotFixError) as error:
            raise CommandError(str(error), returncode=USAGE_ERROR) from error
        if code:
            sys.exit(int(code))

    def _profile(self, options: dict[str, Any], console: Console) -> int:
        # Tests have settings and a database of their own.
        if not options["process"]:
            _refuse_production(options)
        return profile(options, console)

    def _fix(self, options: dict[str, Any], console: Console) -> bool:
        """Profile, change the source, and tell whether something is left to do."""
        _refuse_production(options)
        if find_spec("libcst") is None:
            msg = 'quell fix needs LibCST: pip install "django-quell[fix]"'
            raise UsageError(msg)
        from quell.management.fixing import report, running

        since = time()
        if options["unused"] and options["urls"]:
            msg = "--unused judges what no page uses, so it visits all pages: leave out the URLs"
            raise UsageError(msg)
        pages = profile_pages(wanted_of(options), console) or []
        wanted = running.Options(
            apply=options["apply"], user=options["user"] or "", also=tuple(options["also"]), since=since
        )
        result = running.fix(pages, wanted)
        for page in pages:
            if page.problem:
                console.warn(f"{page.path} {page.problem}")
        console.print(report.as_text(result, console.paint))
        return not result.is_done


def _add_fix(fix: ArgumentParser) -> None:
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
    repeat_common_options(fix)
    fix.add_argument("--allow-production", action="store_true", help="run although DEBUG is off")


def _refuse_production(options: dict[str, Any]) -> None:
    if not settings.DEBUG and not options["allow_production"]:
        msg = "DEBUG is off. Profile a development machine, or pass --allow-production to visit this one."
        raise UsageError(msg)


def _check(options: dict[str, Any], console: Console) -> bool:
    """Compare plans with serializers, and tell whether one misses something; or explain statistics."""
    if options["statistics"]:
        console.print(coverage.explain_statistics())
        return False
    text, is_missing = coverage.check_views()
    console.print(text)
    return is_missing


def _fold(options: dict[str, Any], console: Console) -> bool:
    console.print(fold())
    return False


def _run_outbox(options: dict[str, Any], console: Console) -> bool:
    outbox.run(options, console.print)
    return False
