"""Pages of the shop."""

from django.http import JsonResponse
from django.shortcuts import render

from shop.models import Customer, Order


def order_list(request):
    """Show all orders with what is in them."""
    orders = Order.objects.order_by("-placed_on", "pk")
    return render(request, "shop/orders.html", {"orders": orders})


def customer_list(request):
    """Tell how much each customer ordered."""
    customers = Customer.objects.order_by("name")
    rows = [{"name": customer.name, "orders": customer.orders.count()} for customer in customers]
    return JsonResponse(rows, safe=False)
