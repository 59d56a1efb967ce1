"""Assertions about queries, and the watches of the pytest plugin."""
