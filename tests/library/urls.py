"""Routes of the library."""

urlpatterns: list = []  # type: ignore[type-arg]
