"""URLs of the services."""

from __future__ import annotations

from django.urls import path

from operations import views

app_name = "operations"

urlpatterns = [
    path("services/", views.index, name="index"),
    path("services/<slug:slug>/", views.run_sample, name="run"),
    path("api/services/<slug:slug>/", views.run_given, name="api"),
]
