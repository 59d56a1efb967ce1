"""Pages of the desk."""

from django.db.models import prefetch_related_objects
from django.http import JsonResponse

from tickets.models import Ticket


def ticket_list(request):
    """Show the newest tickets, those that are open first, with what was said about them."""
    tickets = list(Ticket.objects.order_by("-created_at")[:10])
    for status in ("open", "closed"):
        prefetch_related_objects([ticket for ticket in tickets if ticket.status == status], "comments")
    return JsonResponse([len(ticket.comments.all()) for ticket in tickets], safe=False)


def customer_of_each_ticket(request):
    """Tell who has which ticket."""
    return JsonResponse([ticket.customer.email for ticket in Ticket.objects.all()], safe=False)
