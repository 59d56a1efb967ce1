"""Deterministic rows for demonstration and tests."""
