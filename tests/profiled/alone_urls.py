"""Routes of a project that is profiled in a process of its own."""

from django.urls import path

from tests.profiled import streams, views

urlpatterns = [
    path("tickets/", views.tickets),
    path("file/", streams.file),
    path("asynchronous-stream/", streams.asynchronous_stream),
    path("elsewhere/", views.writes_elsewhere),
    path("services/", views.services),
]
