"""Reporting: findings as text for people and machines, one sink per file."""
