"""Fixes that are declared by a class: views and admins, given and expected."""

import pytest

from quell.loading.plan import FetchPlan
from tests.fixing.conftest import Rewrite

HEAD = """
from django.contrib import admin
from django.views.generic import ListView
from rest_framework.generics import ListAPIView
from rest_framework.viewsets import ReadOnlyModelViewSet

from tests.library.models import Book

BOOKS = Book.objects.order_by("pk")


class Base(ListAPIView):
    queryset = Book.objects.all()


"""
PLAN = FetchPlan("author", "tags")

VIEWS = {
    "a model only": (
        "class View(ListView):  # here\n    model = Book  # all\n    paginate_by = 5\n",
        "class View(ListView):  # here\n    model = Book  # all\n"
        '    queryset = Book.objects.select_related("author").prefetch_related("tags")\n    paginate_by = 5\n',
    ),
    "a queryset": (
        "class View(ListView):  # here\n    queryset = Book.objects.order_by('pk')\n",
        "class View(ListView):  # here\n"
        '    queryset = Book.objects.order_by(\'pk\').select_related("author").prefetch_related("tags")\n',
    ),
    "a queryset with a type": (
        "class View(ListView):  # here\n    queryset: object = Book.objects.all()\n",
        "class View(ListView):  # here\n"
        '    queryset: object = Book.objects.all().select_related("author").prefetch_related("tags")\n',
    ),
    "a queryset of the module": (
        "class View(ListView):  # here\n    queryset = BOOKS\n",
        "class View(ListView):  # here\n"
        '    queryset = BOOKS.select_related("author").prefetch_related("tags")\n',
    ),
    "a manager": (
        "class View(ListView):  # here\n    queryset = Book.objects\n",
        "class View(ListView):  # here\n"
        '    queryset = Book.objects.select_related("author").prefetch_related("tags")\n',
    ),
    "a view set": (
        "class View(ReadOnlyModelViewSet):  # here\n    queryset = Book.objects.all()\n",
        "class View(ReadOnlyModelViewSet):  # here\n"
        '    queryset = Book.objects.all().select_related("author").prefetch_related("tags")\n',
    ),
    "an inherited queryset": (
        'class View(Base):  # here\n    """All books."""\n\n    serializer_class = None\n',
        'class View(Base):  # here\n    """All books."""\n\n    serializer_class = None\n'
        '    queryset = Base.queryset.select_related("author").prefetch_related("tags")\n',
    ),
    "an inherited queryset and no body": (
        "class View(Base):  # here\n    pass\n",
        "class View(Base):  # here\n"
        '    queryset = Base.queryset.select_related("author").prefetch_related("tags")\n',
    ),
    "an inherited queryset below a docstring": (
        'class View(Base):  # here\n    """All books."""\n',
        'class View(Base):  # here\n    """All books."""\n\n'
        '    queryset = Base.queryset.select_related("author").prefetch_related("tags")\n',
    ),
    "an inherited queryset above a method": (
        "class View(Base):  # here\n    @property\n    def name(self):\n        return 1\n",
        "class View(Base):  # here\n"
        '    queryset = Base.queryset.select_related("author").prefetch_related("tags")\n\n'
        "    @property\n    def name(self):\n        return 1\n",
    ),
}


@pytest.mark.parametrize(("given", "expected"), VIEWS.values(), ids=VIEWS)
def test_view_declares_what_its_queryset_loads(rewrite: Rewrite, given: str, expected: str) -> None:
    """The queryset of the class is changed, or one is declared beside the model."""
    found = rewrite(HEAD + given, PLAN, is_loaded=True, place="View.queryset")
    assert found == (HEAD + expected).removeprefix("\n")


ADMINS = {
    "nothing": (
        'class View(admin.ModelAdmin):  # here\n    list_display = ("title",)\n\n    def a(self):\n        pass\n',
        'class View(admin.ModelAdmin):  # here\n    list_display = ("title",)\n'
        '    list_select_related = ("author",)\n\n    def a(self):\n        pass\n',
    ),
    "False": (
        "class View(admin.ModelAdmin):  # here\n    list_select_related = False  # fast\n",
        'class View(admin.ModelAdmin):  # here\n    list_select_related = ("author",)  # fast\n',
    ),
    "True": (
        "class View(admin.ModelAdmin):  # here\n    list_select_related = True\n",
        'class View(admin.ModelAdmin):  # here\n    list_select_related = ("author",)\n',
    ),
    "a tuple": (
        "class View(admin.ModelAdmin):  # here\n    list_select_related = ('editor',)\n",
        "class View(admin.ModelAdmin):  # here\n    list_select_related = ('editor', \"author\",)\n",
    ),
    "an empty tuple": (
        "class View(admin.ModelAdmin):  # here\n    list_select_related = ()\n",
        'class View(admin.ModelAdmin):  # here\n    list_select_related = ("author",)\n',
    ),
    "a list": (
        'class View(admin.ModelAdmin):  # here\n    list_select_related = ["editor"]\n',
        'class View(admin.ModelAdmin):  # here\n    list_select_related = ["editor", "author"]\n',
    ),
    "an empty list": (
        "class View(admin.ModelAdmin):  # here\n    list_select_related = []\n",
        'class View(admin.ModelAdmin):  # here\n    list_select_related = ["author"]\n',
    ),
    "a list over lines": (
        'class View(admin.ModelAdmin):  # here\n    list_select_related = [\n        "editor",  # who\n    ]\n',
        'class View(admin.ModelAdmin):  # here\n    list_select_related = [\n        "editor",  # who\n'
        '        "author",\n    ]\n',
    ),
}


@pytest.mark.filterwarnings("ignore:Setting ModelAdmin.list_select_related")
@pytest.mark.parametrize(("given", "expected"), ADMINS.values(), ids=ADMINS)
def test_admin_joins_what_its_list_follows(rewrite: Rewrite, given: str, expected: str) -> None:
    """``list_select_related`` names the relations, whatever it was."""
    found = rewrite(
        HEAD + given,
        FetchPlan("author"),
        is_loaded=True,
        place="View.list_select_related",
        suggestion='list_select_related = ("author",)',
    )
    assert found == (HEAD + expected).removeprefix("\n")


def test_admin_names_a_longer_path_in_the_place_of_its_beginning(rewrite: Rewrite) -> None:
    """A relation that the new path passes through is not named twice."""
    given = 'class View(admin.ModelAdmin):  # here\n    list_select_related = ("author", "editor")\n'
    found = rewrite(
        HEAD + given,
        FetchPlan("author__country"),
        is_loaded=True,
        place="View.list_select_related",
        suggestion='list_select_related = ("author__country", "editor")',
    )
    assert found.endswith('    list_select_related = ("author__country", "editor")\n')


def test_admin_that_prefetches_gets_a_method(rewrite: Rewrite) -> None:
    """What is no join is written into a ``get_queryset()`` of its own."""
    given = 'class View(admin.ModelAdmin):  # here\n    list_display = ("title",)\n'
    found = rewrite(HEAD + given, FetchPlan("tags"), is_loaded=True, place="View.get_queryset")
    assert found.endswith(
        '    list_display = ("title",)\n\n    def get_queryset(self, request):\n'
        '        return super().get_queryset(request).prefetch_related("tags")\n'
    )


REFUSALS = {
    "a method that decides": (
        "class View(admin.ModelAdmin):  # here\n    def get_list_select_related(self, request):\n        return ()\n",
        "View.list_select_related",
        "get_list_select_related() decides what is joined: name the relations there",
    ),
    "names of the module": (
        "NAMES = ()\nclass View(admin.ModelAdmin):  # here\n    list_select_related = NAMES\n",
        "View.list_select_related",
        'the value of list_select_related is no tuple or list of names: write ("author",)',
    ),
    "a tuple of more than names": (
        'NAME = "editor"\nclass View(admin.ModelAdmin):  # here\n    list_select_related = (NAME,)\n',
        "View.list_select_related",
        "list_select_related holds more than plain names: add author to it",
    ),
    "a queryset from elsewhere": (
        "class View(ListView):  # here\n    paginate_by = 5\n",
        "View.queryset",
        "the class inherits its queryset from somewhere else",
    ),
    "a queryset that is computed": (
        "def books():\n    return BOOKS\nclass View(ListView):  # here\n    queryset = books()\n",
        "View.queryset",
        "the class takes its queryset from what the source does not spell",
    ),
}


@pytest.mark.parametrize(("given", "place", "reason"), REFUSALS.values(), ids=REFUSALS)
def test_class_is_left_with_a_reason(rewrite: Rewrite, given: str, place: str, reason: str) -> None:
    """A class that does not say where its queryset comes from is left as it is."""
    found = rewrite(
        HEAD + given,
        FetchPlan("author"),
        is_loaded=True,
        place=place,
        suggestion='list_select_related = ("author",)',
    )
    assert found == f"refused: {reason}"


def test_admin_of_other_rows_is_left(rewrite: Rewrite) -> None:
    """An admin that shows rows of another model on one of its pages does not build their queryset."""
    given = "@admin.register(Author, site=SITE)\nclass View(admin.ModelAdmin):  # here\n    pass\n"
    head = HEAD.replace("import Book", "import Author, Book").replace(
        "BOOKS =", "SITE = admin.AdminSite()\nBOOKS ="
    )
    found = rewrite(head + given, FetchPlan("tags"), is_loaded=True, place="View.get_queryset")
    assert found == (
        "refused: the framework builds the queryset, of other rows than those that the class is about"
    )


def test_view_of_other_rows_is_left(rewrite: Rewrite) -> None:
    """A view that declares a queryset of another model is not where these rows come from."""
    given = "from tests.library.models import Tag\nclass View(ListView):  # here\n    queryset = Tag.objects.all()\n"
    found = rewrite(HEAD + given, FetchPlan("tags"), is_loaded=True, place="View.queryset")
    assert found == (
        "refused: the framework builds the queryset, of other rows than those that the class is about"
    )
