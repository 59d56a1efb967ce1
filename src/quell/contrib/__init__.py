"""What quell adds to views, the admin and other packages."""
