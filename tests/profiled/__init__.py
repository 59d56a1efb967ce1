"""A small shop with pages of every kind."""
