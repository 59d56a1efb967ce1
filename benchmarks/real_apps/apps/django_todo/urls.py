"""Serve the lists below their own path, and the admin beside them."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("todo/", include("todo.urls", namespace="todo")),
]
