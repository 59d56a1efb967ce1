"""Rows for the pages."""

from tests.profiled.models import Comment, Customer, Shop, Ticket


def populate(tickets: int = 4) -> None:
    """Make tickets of different customers in different shops, with three comments each."""
    for number in range(tickets):
        customer = Customer.objects.create(name=f"customer {number}")
        shop = Shop.objects.create(name=f"shop {number}")
        ticket = Ticket.objects.create(title=f"ticket {number}", customer=customer, shop=shop)
        stranger = Customer.objects.create(name=f"stranger {number}")
        for position, author in enumerate((customer, stranger, stranger)):
            Comment.objects.create(
                ticket=ticket, author=author, text=f"comment {number}.{position}", is_public=position > 0
            )
