"""Measured numbers."""
