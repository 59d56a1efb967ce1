"""A library with every kind of relation, for the scenarios."""
