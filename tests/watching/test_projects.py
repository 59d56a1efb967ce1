"""Projects of every shape: no settings yet, no quell in INSTALLED_APPS, none of Django's own applications."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

_BARE = """
import sys
import django
from django.conf import settings
settings.configure(
    INSTALLED_APPS=[{apps}],
    DATABASES={{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}{more}}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    ROOT_URLCONF="__main__", ALLOWED_HOSTS=["*"], MIDDLEWARE=["quell.middleware.QuellMiddleware"],
    TEMPLATES=[{{"BACKEND": "django.template.backends.django.DjangoTemplates"}}],
)
django.setup()
from django.db import connection, models

class Shelf(models.Model):
    name = models.CharField(max_length=9)
    class Meta:
        app_label = "bare"

class Book(models.Model):
    shelf = models.ForeignKey(Shelf, models.CASCADE)
    class Meta:
        app_label = "bare"

with connection.schema_editor() as editor:
    editor.create_model(Shelf)
    editor.create_model(Book)
for n in range(3):
    Book.objects.create(shelf=Shelf.objects.create(name=str(n)))
"""

_WATCH = """
import quell
with quell.watch() as watch:
    names = [book.shelf.name for book in Book.objects.all()]
(finding,) = watch.findings
print(finding.suggestion, finding.plan == quell.FetchPlan("shelf"))
with quell.watch() as fixed:
    assert names == [book.shelf.name for book in finding.plan.apply(Book.objects.all())]
assert len(fixed.queries) == 1
heavy = ["django.contrib.contenttypes.models", "django.contrib.auth.models", "rest_framework"]
apps = tuple(settings.INSTALLED_APPS)
assert not [name for name in heavy if name in sys.modules and not name.startswith(apps)]
"""

_VIEW = """
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from django.views import View
from django.views.generic import ListView

class Shelves(View):
    def get(self, request):
        return HttpResponse([book.shelf.name for book in Book.objects.all()])

class Books(ListView):
    model = Book
    def render_to_response(self, context):
        return HttpResponse([book.shelf.name for book in context["object_list"]])

urlpatterns = [path("shelves/", Shelves.as_view()), path("books/", Books.as_view())]
from quell.signals import findings_reported
def receive(label, findings, **rest):
    print(label, [(finding.path, finding.place) for finding in findings])
findings_reported.connect(receive)
for url in ("/shelves/", "/books/"):
    assert Client().get(url).content == b"012"
"""


def _run(code: str) -> str:
    variables = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    with TemporaryDirectory() as folder:
        # A file, as what comes from a string is nobody's code.
        script = Path(folder) / "script.py"
        script.write_text(code)
        command = [sys.executable, "-W", "error", str(script)]
        done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    "apps",
    ["", '"quell"', '"django.contrib.contenttypes"', '"django.contrib.contenttypes", "django.contrib.auth"'],
    ids=["nothing", "quell", "contenttypes", "auth"],
)
def test_watch_works_in_a_bare_project(apps: str) -> None:
    """Watch, findings and plan need none of Django's applications, and load none of them."""
    assert _run(_BARE.format(apps=apps, more="") + _WATCH) == '.select_related("shelf") True'


def test_middleware_works_in_a_bare_project() -> None:
    """Class-based views are named without contenttypes, auth or the admin."""
    lines = _run(_BARE.format(apps="", more="") + _VIEW).splitlines()

    assert lines == [
        "GET /shelves/ [('shelf', 'Shelves.get')]",
        "GET /books/ [('shelf', 'Books.queryset')]",
    ]


def test_alias_without_a_driver_does_no_harm() -> None:
    """A database that this process never uses may lack its driver."""
    code = _BARE.format(apps="", more=', "legacy": {"ENGINE": "no.such.engine"}')

    assert _run(code + _WATCH).startswith(".select_related")


def test_import_needs_no_settings_and_loads_nothing() -> None:
    """``import quell`` loads neither Django's models nor rest_framework, and its names are all there."""
    loaded = "[name for name in ('django', 'rest_framework', 'asgiref', 'sqlparse') if name in sys.modules]"

    assert _run(f"import sys, quell; print(quell.__all__ == sorted(quell.__all__), {loaded})") == "True []"


@pytest.mark.parametrize("name", ["watch", "wrap_thread", "FetchPlan"])
def test_public_names_load_before_settings_exist(name: str) -> None:
    """A module may use quell at import, before Django is configured."""
    assert _run(f"import sys, quell; quell.{name}; print('rest_framework' in sys.modules)") == "False"


def test_decorator_works_before_settings_exist() -> None:
    """A function can be decorated in a module that is imported before the settings."""
    code = "import quell\n@quell.watch()\ndef run():\n    return 1\nprint(run())"

    assert _run(code) == "1"


def test_settings_may_come_inside_the_block() -> None:
    """A script that configures Django inside the block is watched from its first connection."""
    code = "import quell\nwatch = quell.watch()\nwatch.__enter__()\n" + _BARE.format(apps="", more="")
    code += "watch.__exit__(None, None, None)\nprint(len(watch.queries) > 6)"

    assert _run(code) == "True"
