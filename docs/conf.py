"""How Sphinx builds the documentation; nothing is fetched while it does."""

import os
import shutil
import sys
from pathlib import Path

import django
from django.conf import settings
from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))
os.environ.pop("DJANGO_SETTINGS_MODULE", None)
settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "quell", "quell.store"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
)
django.setup()

project = "quell"
copyright = "the quell contributors"  # noqa: A001 -- the name that Sphinx reads
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "quell"
html_show_sourcelink = False
myst_heading_anchors = 3
# What belongs to an extra is described without being installed.
autodoc_mock_imports = ["celery", "debug_toolbar"]
autodoc_member_order = "groupwise"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_custom_sections = ["Cost", "Source"]
copybutton_prompt_text = "$ "


def setup(app: Sphinx) -> None:
    """Put the schema of reports where reports say that it is."""
    app.connect("build-finished", _copy_schema)


def _copy_schema(app: Sphinx, error: Exception | None) -> None:
    if error is None:
        shutil.copytree(ROOT / "src/quell/reporting/schema", Path(app.outdir) / "schema", dirs_exist_ok=True)
