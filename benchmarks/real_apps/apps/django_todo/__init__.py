"""Run django-todo with n rows behind each of its list pages."""
