"""The eight services of the help desk, each with a page and an API endpoint."""
