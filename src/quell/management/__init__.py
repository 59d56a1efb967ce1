"""The command line of quell."""
