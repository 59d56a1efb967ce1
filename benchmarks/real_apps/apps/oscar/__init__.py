"""Run django-oscar, the shop and its dashboard, with n rows in every list."""
