"""Routes of an empty project."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
