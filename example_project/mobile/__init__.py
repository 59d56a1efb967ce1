"""What the mobile app sends."""
