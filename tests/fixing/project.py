"""A small project in files, with a database, that ``quell fix`` runs over."""

import os
import subprocess
import sys
from pathlib import Path

import quell

SETTINGS = """
from pathlib import Path

BASE_DIR = Path(__file__).parent
SECRET_KEY = "only for tests"
DEBUG = True
ALLOWED_HOSTS = ["*"]
USE_TZ = True
ROOT_URLCONF = "urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
INSTALLED_APPS = ["quell", "shop"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [BASE_DIR / "templates"]}]
QUELL_ON_ERROR = "raise"
"""

MODELS = """
from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=20)


class Book(models.Model):
    title = models.CharField(max_length=20)
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")
    tags = models.ManyToManyField("Tag", related_name="books")

    class Meta:
        ordering = ("pk",)


class Tag(models.Model):
    name = models.CharField(max_length=20)


class Review(models.Model):
    book = models.ForeignKey(Book, models.CASCADE, related_name="reviews")
    stars = models.IntegerField()


def populate():
    for number in range(3):
        author = Author.objects.create(name=f"Author {number}")
        for part in range(2):
            book = Book.objects.create(title=f"Book {number}.{part}", author=author)
            book.tags.add(Tag.objects.create(name=book.title))
            Review.objects.bulk_create(Review(book=book, stars=stars) for stars in range(number + part))
"""

VIEWS = """
from django.http import HttpResponse
from django.shortcuts import render

from shop.models import Author, Book


def joined(request):
    rows = Book.objects.order_by('title')
    return HttpResponse(", ".join(book.author.name for book in rows))


def counted(request):
    rows = Book.objects.all()
    return HttpResponse(", ".join(str(number_of(book)) for book in rows))


def number_of(book):
    return book.reviews.count()


def listed(request):
    return render(request, "list.html", {"books": Book.objects.filter(pk__gt=0)})


def also_listed(request):
    return render(request, "list.html", {"books": Book.objects.filter(pk__gt=1)})


def posted(request):
    rows = Book.objects.filter(title__gt="")
    if request.method == "POST":
        return HttpResponse("ok")
    return HttpResponse(", ".join(f"{book.author.name} {number_of(book)}" for book in rows))


def helped(request):
    return HttpResponse(", ".join(str(number_of(book)) for book in _all_books()))


def _all_books():
    return Book.objects.exclude(pk=0)


def twice(request):
    rows = [*Book.objects.filter(pk=0), *Book.objects.filter(pk__gt=0)]
    return HttpResponse(", ".join(book.author.name for book in rows))


def named(request):
    rows = Book.objects.all()  # tags_count is a name of the project
    return HttpResponse(", ".join(str(book.tags.count()) for book in rows))


def in_template(request):
    return render(request, "author.html", {"author": Author.objects.first()})


def looped(request):
    return HttpResponse(", ".join(Author.objects.get(pk=pk).name for pk in (1, 2, 3)))
"""

GENERATED = """
# @generated
from django.http import HttpResponse

from shop.models import Book


def generated(request):
    return HttpResponse(", ".join(book.author.name for book in Book.objects.all()))
"""

URLS = """
from django.urls import path

from shop import generated, views

NAMES = ("joined", "counted", "listed", "also_listed", "posted", "helped", "twice", "named", "in_template", "looped")
urlpatterns = [path(f"{name}/", getattr(views, name)) for name in NAMES]
urlpatterns.append(path("generated/", generated.generated))
"""

FILES = {
    "settings.py": SETTINGS,
    "urls.py": URLS,
    "shop/__init__.py": "",
    "shop/models.py": MODELS,
    "shop/views.py": VIEWS,
    "shop/generated.py": GENERATED,
    "templates/list.html": "{% for book in books %}\n{{ book.title }}: {{ book.reviews.count }}\n{% endfor %}\n",
    "templates/author.html": "{% for book in author.books.all %}\n{% for tag in book.tags.all %}{{ tag.name }}"
    "{% endfor %}\n{% endfor %}\n",
}


class Project:
    """The files in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in FILES.items():
            file = folder / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(text.removeprefix("\n"))

    def run(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run a management command."""
        path = os.pathsep.join([str(self.folder), str(Path(quell.__file__).parents[1])])
        return subprocess.run(
            [sys.executable, "-m", "django", *arguments],
            cwd=self.folder,
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": path} | variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def prepare(self) -> None:
        """Make tables and rows."""
        assert self.run("migrate", "--run-syncdb", "-v0").returncode == 0
        done = self.run("shell", "-v0", "-c", "from shop.models import populate; populate()")
        assert done.returncode == 0, done.stderr

    def texts(self) -> dict[str, str]:
        """Return the text of each file."""
        return {name: (self.folder / name).read_text() for name in FILES}
