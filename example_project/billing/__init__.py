"""What organizations pay for the help desk."""
