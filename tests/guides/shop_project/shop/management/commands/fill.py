"""Fill the shop with rows."""

import datetime

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand

from shop.models import Customer, Item, Product


class Command(BaseCommand):
    """``manage.py fill``."""

    help = "Fill the shop with a few rows."

    def handle(self, **options):
        """Make five customers with two orders each, three items in an order, and a user who may see everything."""
        products = [Product.objects.create(name=name) for name in ("Apple", "Bread", "Cheese")]
        for number in range(5):
            customer = Customer.objects.create(name=f"Customer {number}")
            for day in (1, 2):
                order = customer.orders.create(placed_on=datetime.date(2026, 1, day))
                Item.objects.bulk_create(
                    Item(order=order, product=product, amount=number + 1) for product in products
                )
        User.objects.create_superuser("ada", "ada@example.org", "ada")
