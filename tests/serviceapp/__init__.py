"""Accounts between which services move money."""
