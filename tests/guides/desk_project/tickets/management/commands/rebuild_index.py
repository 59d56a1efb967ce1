"""Something that takes long."""

from django.core.management.base import BaseCommand

from tickets.models import Ticket


class Command(BaseCommand):
    """``manage.py rebuild_index``."""

    help = "Print who has which ticket."

    def add_arguments(self, parser):
        """Add the one that is in the documentation."""
        parser.add_argument("--all", action="store_true")

    def handle(self, **options):
        """Print a line for each ticket."""
        for ticket in Ticket.objects.all():
            self.stdout.write(ticket.customer.email)
