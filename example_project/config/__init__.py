"""Settings, URLs and entry points of the help desk."""
