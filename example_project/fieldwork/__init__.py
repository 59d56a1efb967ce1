"""Work done on site."""
