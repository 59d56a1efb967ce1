"""Commands that are profiled."""
