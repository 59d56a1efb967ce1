"""Capture: what ran while a scope was open, as cheaply as possible."""
