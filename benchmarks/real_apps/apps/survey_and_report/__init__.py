"""Run django-survey-and-report with n rows behind each of its list pages."""
