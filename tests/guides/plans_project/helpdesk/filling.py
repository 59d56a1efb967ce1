"""Rows for the help desk."""

from helpdesk import models


def fill():
    """Make four tickets with a customer, five comments and a tag each, of which every second has a file."""
    tag = models.Tag.objects.create(name="urgent")
    for number in range(4):
        organization = models.Organization.objects.create(name=f"Organization {number}")
        customer = models.Customer.objects.create(name=f"Customer {number}", organization=organization)
        ticket = models.Ticket.objects.create(subject=f"Ticket {number}", customer=customer)
        models.Declared.objects.create(subject=f"Ticket {number}", customer=customer)
        ticket.tags.add(tag)
        for text in "abcde":
            ticket.comments.create(body=text, author=customer, is_public=text != "e")
        if number % 2:
            ticket.attachments.create()
