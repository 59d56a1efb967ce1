"""A panel for django-debug-toolbar: what a request loaded, what of it was needless, and the code that fixes it."""

from quell.contrib.debug_toolbar.panel import QuellPanel

__all__ = ["QuellPanel"]
