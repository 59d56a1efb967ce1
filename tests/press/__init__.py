"""A press: models with columns of every width, for profiles of what is loaded."""
