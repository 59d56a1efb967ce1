"""What quell gives to test suites."""
