"""The people, their profiles and their permissions."""
