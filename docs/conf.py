"""How Sphinx builds the documentation; nothing is fetched while it does."""

import os
import shutil
import sys
from importlib import import_module
from pathlib import Path

import django
from django.conf import settings
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.logging import getLogger

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
    app.connect("env-check-consistency", _check_reference)


def _check_reference(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of each public name that the reference leaves out, which ends a build with -W."""
    described = env.domaindata["py"]["objects"]
    # What a module has from another one may be described there.
    known = {name.rpartition(".")[2] for name in described}
    modules = [name for name, entry in described.items() if entry.objtype == "module"]
    for module in modules:
        for name in getattr(import_module(module), "__all__", ()):
            if name not in known:
                getLogger(__name__).warning("%s.%s is public and not in the reference", module, name)


def _copy_schema(app: Sphinx, error: Exception | None) -> None:
    if error is None:
        shutil.copytree(ROOT / "src/quell/reporting/schema", Path(app.outdir) / "schema", dirs_exist_ok=True)
