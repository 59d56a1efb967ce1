"""What the security team watches."""
