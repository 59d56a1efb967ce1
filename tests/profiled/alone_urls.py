"""Routes of a project that is profiled in a process of its own."""

from django.urls import path

from tests.profiled import views

urlpatterns = [
    path("tickets/", views.tickets),
    path("file/", views.file),
    path("asynchronous-stream/", views.asynchronous_stream),
    path("elsewhere/", views.writes_elsewhere),
    path("services/", views.services),
]
