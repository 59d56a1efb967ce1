"""A command that prints who waits for what, and may go wrong in some ways."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from tests.profiled.models import Customer, Ticket


class Command(BaseCommand):
    """Print each ticket with its customer."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do besides."""
        parser.add_argument("--then", default="")

    def handle(self, *args: object, **options: Any) -> None:
        """Print, and then write, fail or exit."""
        for ticket in Ticket.objects.order_by("pk"):
            self.stdout.write(f"{ticket.title} by {ticket.customer}")
        if options["then"] == "write":
            Customer.objects.create(name="written")
        if options["then"] == "alter":
            with connection.cursor() as cursor:
                cursor.execute("CREATE TABLE profiled_made (id integer)")
        if options["then"] == "fail":
            msg = "no paper"
            raise CommandError(msg)
        if options["then"].startswith("exit"):
            sys.exit(int(options["then"].removeprefix("exit")))
