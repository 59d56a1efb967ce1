"""Loads on demand: for all peers at once, or forbidden."""
