"""The companies that share the help desk."""
