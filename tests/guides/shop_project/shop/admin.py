"""What the staff of the shop sees."""

from django.contrib import admin

from shop.models import Order


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    """Orders, the latest first."""

    list_display = ("pk", "placed_on", "customer_name", "item_count")

    def customer_name(self, order):
        """Return who ordered."""
        return order.customer.name

    def item_count(self, order):
        """Return how many lines an order has."""
        return order.items.count()
