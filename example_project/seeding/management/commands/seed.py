"""The command `manage.py seed`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from seeding.data import AlreadySeededError, Progress, seed
from seeding.world import ADMIN_EMAIL, ADMIN_PASSWORD

_BAR_WIDTH = 30


class Command(BaseCommand):
    """Fill the help desk with rows."""

    help = "Fill the help desk with rows, the same ones at each run."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the size, and whether to delete first."""
        parser.add_argument("--tickets", type=int, default=500, help="number of tickets (default: 500)")
        parser.add_argument("--flush", action="store_true", help="delete ALL rows of the database first")

    # Any: what BaseCommand.handle() takes.
    def handle(self, *args: Any, **options: Any) -> None:
        """Fill the help desk, or say why not."""
        if options["tickets"] < 1:
            raise CommandError("--tickets must be at least 1.")
        if options["flush"]:
            call_command("flush", interactive=False, verbosity=0)
        try:
            seed(options["tickets"], progress=self._progress())
        except AlreadySeededError as error:
            raise CommandError(
                "The help desk has rows already; add --flush to delete ALL rows first."
            ) from error
        if options["verbosity"]:
            self.stdout.write(
                self.style.SUCCESS(f"Seeded {options['tickets']} tickets and what belongs to them.")
                + f" Log in as {ADMIN_EMAIL}, password {ADMIN_PASSWORD!r}."
            )

    def _progress(self) -> Progress | None:
        if not self.stdout.isatty():
            return None

        def draw(name: str, done: int, total: int) -> None:
            bar = "#" * (_BAR_WIDTH * done // total)
            self.stdout.write(f"\r[{bar:<{_BAR_WIDTH}}] {name:<20}", ending="\n" if done == total else "")
            self.stdout.flush()

        return draw
