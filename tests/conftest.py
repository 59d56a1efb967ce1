"""What all tests share."""

import os

from hypothesis import settings

# Tests of the example project need its own settings, so they run in a run of their own.
collect_ignore = [] if os.environ.get("DJANGO_SETTINGS_MODULE") == "config.settings" else ["example"]

# Cells run side by side, so the time that one example takes says nothing; CI repeats what it found.
settings.register_profile("quell", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("quell")
