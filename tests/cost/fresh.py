"""Run a page's worth of queries in a process where no watch was ever opened, and print the calls of quell."""

import json
import sys


def main() -> None:
    """Print the calls as JSON."""
    from django.conf import settings

    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "quell", "tests.library"],
    )
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0)
    from tests.cost.conftest import create_books
    from tests.cost.counting import counted
    from tests.cost.work import everyday

    create_books()
    import quell

    quell.watch()
    with counted() as calls:
        everyday()
    json.dump(calls, sys.stdout)


if __name__ == "__main__":
    main()
