"""``python -m quell <verb>``."""

from quell.management.cli import main

main()
