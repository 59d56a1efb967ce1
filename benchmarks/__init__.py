"""What quell costs, and what it finds in real applications."""
