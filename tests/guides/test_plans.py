"""What the pages about plans and batches show is so, in a project with the models that they are about."""

import re
import shutil
from pathlib import Path

import pytest

from tests.guides.desk import ROOT, SHOP, Desk, blocks_of

PLANS = Path(__file__).resolve().parent / "plans_project"
LOADING = blocks_of(ROOT / "docs" / "loading.md", "python")
BATCHES = blocks_of(ROOT / "docs" / "batch-loading.md", "python")
_RELATED = """

class Comment(CommentFields):
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="comments")


class Attachment(models.Model):
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="attachments")
"""
_BEFORE = """
import quell.exceptions
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection, models
from django.db.models import Q
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.views.generic import ListView
from helpdesk.models import *
from quell import FetchPlan, Limit
from rest_framework import serializers
from rest_framework.viewsets import ModelViewSet

get = RequestFactory().get("/")
get.user = User.objects.get()


def count(work):
    with CaptureQueriesContext(connection) as queries:
        work()
    return len(queries)


"""

_SUMMARY = """def summary(self):
        return f"{self.customer.organization.name} {self.latest[0].body}\""""


def _block(word: str) -> str:
    (found,) = [block for block in LOADING if word in block]
    return found


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A project whose models are those of the page."""
    made = Desk(tmp_path_factory.mktemp("plans") / "project")
    shutil.copytree(SHOP, made.folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(PLANS, made.folder, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    made.add("config/settings.py", 'INSTALLED_APPS += ["helpdesk", "quell"]')
    declared, _ = _block("TicketQuerySet(").rsplit("\n\n\n", 1)
    text = "import quell\nfrom quell import FetchPlan\nfrom helpdesk.around import *\n\n\n"
    text += declared.replace("(models.Model)", "(TicketFields)") + _RELATED
    text += _block("quell.FetchPlanModel)").replace(
        "class Ticket(quell.FetchPlanModel)", "\n\nclass Declared(quell.FetchPlanModel, TicketFields)"
    )
    (made.folder / "helpdesk" / "models.py").write_text(text)
    made.python("manage.py", "migrate", "--run-syncdb", "--verbosity", "0")
    made.python("manage.py", "fill")
    made.script("from helpdesk.filling import fill\nfill()")
    return made


def test_first_plan_loads_everything(desk: Desk) -> None:
    """Rows have what the plan names, and nothing is loaded on demand."""
    block = _block("TICKETS.apply(").replace("TICKETS.apply(", "found = TICKETS.apply(")
    desk.script(f"""{_BEFORE}{block}
rows = list(found.order_by("pk"))
with quell.forbid_lazy_loading():
    for number, row in enumerate(rows):
        assert [comment.author.name for comment in row.comments.all()] == [f"Customer {{number}}"] * 5
        assert (row.comment_count, len(row.public), row.has_files) == (5, 4, bool(number % 2))
        assert [comment.body for comment in row.latest] == ["e", "d", "c"]
        assert (row.subject, row.customer.name) == (f"Ticket {{number}}", f"Customer {{number}}")
assert count(lambda: list(found)) == 4
assert "organization_id" not in vars(rows[0].customer)
""")


def test_plans_are_moved_and_are_data(desk: Desk) -> None:
    """A merge loads what both load; code and data are what the comments say, and lead back to the plan."""
    code, data, again = _block("plan.as_code(Ticket)").splitlines()
    desk.script(f"""{_BEFORE}{_block("COMMENTS.under(")}
assert TICKETS == FetchPlan("comments", only=["subject", "comments__body", "comments__author__name"])
assert count(lambda: [[c.author.name for c in t.comments.all()] for t in TICKETS.apply(Ticket.objects.all())]) == 3
plan = FetchPlan("customer", only=["subject", "customer__name"])
assert {code.partition("  # ")[0]} == {code.partition("  # ")[2]}, plan.as_code(Ticket)
data = {data.partition("  # ")[0]}
assert data == {data.partition("  # ")[2]}, data
assert {again} == plan
""")


def test_declared_plans_are_found_by_their_names(desk: Desk) -> None:
    """On the manager, on a queryset, and on related rows; with a model that declares them itself, too."""
    lines = _block("TicketQuerySet(").rsplit("\n\n\n", 1)[1].splitlines()
    assert len(lines) == 3
    desk.script(f"""{_BEFORE}customer = Customer.objects.first()
for found in ({", ".join(lines[:2])}, Declared.objects.with_plan("list")):
    assert count(lambda: [ticket.customer.name for ticket in found]) == 1
found = {lines[2]}
assert count(lambda: [list(ticket.comments.all()) for ticket in found]) == 2
""")


def test_views_and_admin_have_their_plans(desk: Desk) -> None:
    """The list of a view, the list of the admin, and each action of a ViewSet."""
    desk.script(f"""{_BEFORE}{_block("FetchPlanMixin")}
{_block("FetchPlanAdminMixin")}
class TicketSerializer(serializers.ModelSerializer):
    customer = serializers.StringRelatedField(source="customer.name")

    class Meta:
        model = Ticket
        fields = ["subject", "customer"]


{_block("FetchPlanViewSetMixin")}
shown = TicketList.as_view(template_name="shop/orders.html")(get).context_data["object_list"]
assert count(lambda: [ticket.customer.name for ticket in shown]) == 1
changelist = TicketAdmin(Ticket, admin.site).get_changelist_instance(get)
assert count(lambda: [ticket.customer.name for ticket in changelist.get_queryset(get)]) == 1
assert count(lambda: TicketViewSet.as_view({{"get": "list"}})(get).render()) == 1
assert count(lambda: TicketViewSet.as_view({{"get": "retrieve"}})(get, pk=1).render()) == 4
""")


def test_serializer_says_what_its_methods_need(desk: Desk) -> None:
    """With what the methods declare, a list runs as many queries for four rows as for two."""
    block = _block("@quell.needs(").replace(
        "class Ticket(models.Model):",
        'class Shown(Ticket):\n    class Meta:\n        proxy = True\n        app_label = "helpdesk"\n',
    )
    desk.script(f"""{_BEFORE}{block.replace("def summary(self): ...", _SUMMARY)}
class Full(TicketSerializer):
    class Meta:
        model = Shown
        fields = ["subject", "people", "summary"]


plan = FetchPlan.from_serializer(Full)
def render(rows):
    return [Full(plan.apply(Shown.objects.order_by("pk"))[:rows], many=True).data]
assert count(lambda: render(2)) == count(lambda: render(4)) == 3
with quell.forbid_lazy_loading():
    ((first, *_),) = render(4)
assert first["people"] == ["Customer 0"] * 5
assert first["summary"] == "Organization 0 e"
""")


def test_every_block_about_loading_is_run() -> None:
    """Each one is in a test above, or is one of the two classes of models."""
    assert len(LOADING) == 10


def test_block_of_batches_runs_as_many_queries_as_it_says(desk: Desk) -> None:
    """One for the rows, and one for each of three relations."""
    said = len(re.findall("# one", BATCHES[0]))
    block = BATCHES[0].replace("            ...", "            tag.name")
    desk.script(f"""{_BEFORE}with CaptureQueriesContext(connection) as queries:
{_indented(block)}
assert len(queries) == {said} == 4
""")


def test_forbidden_load_says_what_the_page_shows(desk: Desk) -> None:
    """The error is that of the page, and its plan loads what was missing."""
    shown = blocks_of(ROOT / "docs" / "batch-loading.md", "text")[-1]
    desk.script(f"""{_BEFORE}class CommentSerializer(serializers.ModelSerializer):
    author = serializers.CharField(source="author.name")

    class Meta:
        model = Comment
        fields = ["author"]


class TicketSerializer(serializers.ModelSerializer):
    comments = CommentSerializer(many=True)

    class Meta:
        model = Ticket
        fields = ["comments"]


def view(tickets):
{_indented(BATCHES[1])}

try:
    view(Ticket.objects.prefetch_related("comments"))
except quell.exceptions.LazyLoadForbidden as error:
    name = f"{{type(error).__module__}}.{{type(error).__name__}}"
    assert f"{{name}}: {{error}}" == {" ".join(shown.split())!r}, str(error)
    assert len(view(error.plan.apply(Ticket.objects.all()))) == 4
else:
    raise AssertionError
""")


def _indented(block: str) -> str:
    return "".join(f"    {line}" for line in block.splitlines(keepends=True))
