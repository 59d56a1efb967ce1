"""A script that takes a month."""

import sys

from tickets.models import Ticket

print(sys.argv[1], [ticket.customer.email for ticket in Ticket.objects.all()])
