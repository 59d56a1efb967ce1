"""A help desk, whose tickets the pages about loading are about."""
