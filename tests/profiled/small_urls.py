"""A few routes, for the pages that are found without being named."""

from django.urls import path

from tests.profiled import views

urlpatterns = [
    path("good/", views.good),
    path("raises/", views.raises),
    path("ticket/<int:pk>/", views.ticket),
    path("accounts/logout/", views.good),
    path("bye/", views.logout, name="logout"),
]
