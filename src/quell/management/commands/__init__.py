"""``manage.py quell``."""
