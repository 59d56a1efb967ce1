"""Make the tables and rows that a worker reads."""

import django


def main() -> None:
    """Fill the database of the settings."""
    django.setup()
    from django.core.management import call_command

    from tests.library.models import Author, Country

    call_command("migrate", run_syncdb=True, verbosity=0)
    for number in range(3):
        country = Country.objects.create(name=f"Country {number}")
        Author.objects.create(name=f"Author {number}", country=country)


if __name__ == "__main__":
    main()
