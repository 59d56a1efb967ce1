"""Run django-machina, a forum, with n rows in every list."""
