"""URLs of the help desk."""

from django.urls import path
urlpatterns = []
