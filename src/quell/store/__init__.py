"""The Django application that stores rows of quell; only what needs it asks for it in INSTALLED_APPS."""
