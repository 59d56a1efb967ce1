"""Say what a folder in `apps/` offers to the driver."""

import importlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Page:
    """
    One GET request.

    Attributes:
        url: Path with query string.
        user: Username to log in as, or `None` for an anonymous visitor.
        status: The only status that counts as a successful visit.
    """

    url: str
    user: str | None = "staff"
    status: int = 200


@dataclass(frozen=True, slots=True)
class App:
    """
    An application that the driver can visit.

    Attributes:
        name: Folder in `apps/`.
        populate: Grow the database to n rows per list page; each row has parents and children of its own.
        pages: Pages by name, for a database of n rows; names are the same at each n.
        libraries: Packages beside Django and DRF that are no user code; `LIBRARIES` in `pages.py`.
    """

    name: str
    populate: Callable[[int], None]
    pages: Callable[[int], Mapping[str, Page]]
    libraries: tuple[str, ...]


def app_names() -> list[str]:
    """Return the folders in `apps/` that can be visited."""
    return sorted(path.parent.name for path in HERE.glob("apps/*/settings.py"))


def load_app(name: str, word: str = "") -> App:
    """Configure Django with the settings of the application and return it, with the pages that a word chooses."""
    os.environ["DJANGO_SETTINGS_MODULE"] = f"apps.{name}.settings"
    import django
    from django.conf import settings

    django.setup()
    pages = importlib.import_module(f"apps.{name}.pages")
    populate = importlib.import_module(f"apps.{name}.populate")
    libraries = tuple(getattr(pages, "LIBRARIES", ()))
    # What is no user code to the oracle is none to quell.
    settings.QUELL_LIBRARIES = libraries

    def chosen(n: int) -> Mapping[str, Page]:
        return {key: page for key, page in pages.pages(n).items() if word in key}

    return App(name, populate.populate, chosen, libraries)
