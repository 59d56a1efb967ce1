"""URLs of tickets."""

from django.urls import path

from tickets import views

app_name = "tickets"
urlpatterns = [
    path("", views.queue, name="queue"),
    path("<int:pk>/", views.detail, name="detail"),
]
