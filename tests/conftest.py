"""What all tests share."""

import os

# Tests of the example project need its own settings, so they run in a run of their own.
collect_ignore = [] if os.environ.get("DJANGO_SETTINGS_MODULE") == "config.settings" else ["example"]
