"""Filters of the templates of quell."""
