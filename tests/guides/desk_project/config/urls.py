"""Where the pages are."""

from django.contrib import admin
from django.urls import path

from shop import views
from tickets.views import customer_of_each_ticket, ticket_list

urlpatterns = [
    path("admin/", admin.site.urls),
    path("orders/", views.order_list),
    path("customers/", views.customer_list),
    path("tickets/", ticket_list),
    path("tickets/customers/", customer_of_each_ticket),
]
