"""Run django-helpdesk with n rows behind each of its list pages."""
