"""``manage.py quell <verb>``."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from quell.checks import check_settings
from quell.exceptions import UsageError
from quell.management.profiling.folding import fold
from quell.management.profiling.output import Paint, as_json, as_text
from quell.management.profiling.running import Page, PageProfiler
from quell.management.profiling.urls import page_urls
from quell.management.profiling.visiting import Visitor, in_memory


class Command(BaseCommand):
    """Find needless database work and prove the fixes."""

    help = "Find needless database work and prove the fixes."
    # A wrong setting is one line of the report, not the end of it.
    requires_system_checks: Sequence[str] = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="verb")
        profile = verbs.add_parser("profile", help="visit pages, report findings, prove each fix")
        profile.add_argument("urls", nargs="*", metavar="URL", help="pages to visit (default: all that can be)")
        profile.add_argument("--user", help="visit as this user: a key, a username or an e-mail address")
        profile.add_argument("--list", action="store_true", help="print what would be visited, and stop")
        profile.add_argument("--format", choices=("text", "json"), default="text")
        profile.add_argument("--repeat", type=_positive, default=1, help="timed runs of each page (default: 1)")
        profile.add_argument("--allow-production", action="store_true", help="run although DEBUG is off")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run a verb; exits 1 when there are findings."""
        self._refuse_production(allowed=options["allow_production"])
        try:
            urls = tuple(options["urls"]) or page_urls()
        except UsageError as error:
            raise CommandError(str(error)) from error
        if options["list"]:
            self.stdout.write("\n".join(urls))
            return
        self._warn_of_surroundings()
        pages = self._visit(urls, options["user"], options["repeat"])
        findings = fold(pages)
        if options["format"] == "json":
            self.stdout.write(as_json(pages, findings))
        else:
            self.stdout.write(as_text(pages, findings, Paint(is_on=self._is_terminal())))
        if findings:
            sys.exit(1)

    def _refuse_production(self, *, allowed: bool) -> None:
        if not settings.DEBUG and not allowed:
            msg = "DEBUG is off. Profile a development machine, or pass --allow-production to visit pages here."
            raise CommandError(msg)

    def _visit(self, urls: Sequence[str], user: str | None, repeat: int) -> list[Page]:
        with in_memory():
            profiler = PageProfiler(Visitor(_user(user) if user else None), repeat=repeat)
            with self._progress(len(urls)) as step:
                return [self._profile(profiler, path, step) for path in urls]

    def _profile(self, profiler: PageProfiler, path: str, step: Any) -> Page:
        step(path)
        return profiler.profile(path if path.startswith("/") else f"/{path}")

    @contextmanager
    def _progress(self, total: int) -> Iterator[Any]:
        """Show what is visited, on a terminal only."""
        done = iter(range(1, total + 1))

        def step(path: str) -> None:
            if self._is_terminal():
                self.stderr.write(f"\r\x1b[K{next(done)}/{total} {path}", ending="")

        yield step
        if self._is_terminal():
            self.stderr.write("\r\x1b[K", ending="")

    def _is_terminal(self) -> bool:
        return bool(getattr(self.stdout, "isatty", lambda: False)())

    def _warn_of_surroundings(self) -> None:
        """Say in one line each what keeps pages from working: settings, migrations, databases."""
        for message in check_settings(app_configs=None):
            self.stderr.write(f"{message.id}: {message.msg} {message.hint or ''}".strip())
        try:
            executor = MigrationExecutor(connection)
            missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        except DatabaseError as error:
            self.stderr.write(f"The database does not answer: {' '.join(str(error).split())}")
            return
        if missing:
            self.stderr.write(f"{len(missing)} migrations are not applied: run manage.py migrate first.")


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        msg = f"{text} is less than 1"
        raise ValueError(msg)
    return value


def _user(name: str) -> Any:
    """Return a user by key, username or e-mail address."""
    from django.contrib.auth import get_user_model

    model: Any = get_user_model()
    fields = [model.USERNAME_FIELD, model.get_email_field_name()]
    names = {field.name for field in model._meta.get_fields()}
    for field in dict.fromkeys(fields):
        found = model._default_manager.filter(**{field: name}).first() if field in names else None
        if found is not None:
            return found
    found = model._default_manager.filter(pk=name).first() if name.isdigit() else None
    if found is None:
        msg = f'There is no user "{name}": name one by key, {model.USERNAME_FIELD} or e-mail address.'
        raise CommandError(msg)
    return found
