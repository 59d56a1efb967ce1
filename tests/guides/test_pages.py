"""What the pages of the documentation tell to write can be written, and does what they say."""

import re
from types import SimpleNamespace

import pytest

from quell.sqltext.commenting import comment_of
from tests.guides.desk import ROOT, Desk, blocks_of

DOCS = ROOT / "docs"


def test_watch_of_the_readme_finds(desk: Desk) -> None:
    """The first example names the relation and the code to write."""
    (block,) = [each for each in blocks_of(ROOT / "README.md", "python") if "quell.watch()" in each]

    printed = desk.script(f"from tickets.models import Ticket\n{block}")

    assert "Q101 n_plus_one  tickets.Ticket customer" in printed
    assert '.select_related("customer")' in printed


def test_middleware_of_the_readme_watches(desk: Desk) -> None:
    """With the line a request is told in the log."""
    (block,) = [each for each in blocks_of(ROOT / "README.md", "python") if "MIDDLEWARE" in each]
    desk.add("config/settings.py", _pasted(block))

    done = desk.run("python", "-c", _visit("/tickets/customers/"))

    assert "Q101 tickets.Ticket customer" in done.stderr


def test_toolbar_is_shown(desk: Desk) -> None:
    """With both blocks of the page, and nothing else, the toolbar has the panel and its finding."""
    settings, urls = blocks_of(DOCS / "toolbar.md", "python")
    file = desk.folder / "config" / "settings.py"
    file.write_text(file.read_text().replace('["tickets", "quell"]', '["tickets"]'))
    desk.add("config/settings.py", _pasted(settings))
    desk.add("config/urls.py", _pasted(urls))

    done = desk.run("python", "-c", _visit("/admin/login/") + "print(page)")

    assert 'id="djDebug"' in done.stdout, done.stdout + done.stderr
    assert "QuellPanel" in done.stdout


def _pasted(block: str) -> str:
    """Return a block of settings or of routes; the dots in it are what is there already."""
    return re.sub(
        r"^(\w+) = \[(.*?)\.\.\.(.*?)\]$", r"\1 = [\2*globals()['\1']\3]", block, flags=re.MULTILINE
    )


def _visit(path: str) -> str:
    return (
        'import os, django\nos.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"\ndjango.setup()\n'
        f'from django.test import Client\npage = Client(SERVER_NAME="localhost").get("{path}").content.decode()\n'
    )


_IN_TESTS = """
import pytest
from django.test import TestCase
from tickets.filling import add_tickets
from tickets.models import Ticket


class TicketFactory:
    create_batch = staticmethod(add_tickets)


@pytest.fixture
def tickets(db):
    add_tickets(4)


def render_list():
    return [ticket.customer.email for ticket in Ticket.objects.select_related("customer")]


"""


def _test_blocks() -> list[str]:
    return blocks_of(DOCS / "testing.md", "python")


@pytest.mark.parametrize(("number", "passed"), [(0, 1), (1, 3), (2, 1)])
def test_tests_of_the_page_pass(desk: Desk, number: int, passed: int) -> None:
    """The marker, the fixtures and the mixin, as they are written."""
    (desk.folder / "test_tickets.py").write_text(_IN_TESTS + _test_blocks()[number])

    done = desk.run("pytest", "-q", "test_tickets.py")

    assert re.search(rf"^{passed} passed", done.stdout, re.MULTILINE), done.stdout


def test_snapshot_of_the_page_is_what_is_written(desk: Desk) -> None:
    """Nothing is written without the flag; then the file holds what the page shows, and the test passes."""
    assert len(_test_blocks()) == 4
    (desk.folder / "test_tickets.py").write_text(_IN_TESTS + _test_blocks()[3])
    (shown,) = blocks_of(DOCS / "testing.md", "text")
    file = desk.folder / "__snapshots__" / "test_tickets.txt"

    before = desk.run("pytest", "-q", "test_tickets.py").returncode, file.exists()
    desk.run("pytest", "-q", "--quell-update-snapshots", "test_tickets.py")
    after = desk.run("pytest", "-q", "test_tickets.py").returncode

    assert (before, after) == ((1, False), 0)
    assert shown in file.read_text()


_SILENCED = """
import json
import quell
from tickets.models import Ticket
{before}
with quell.watch() as watch:
    {call}
print(json.dumps([len(watch.findings), [item.by for item in watch.silenced]]))
"""


def test_comments_of_the_page_silence(desk: Desk) -> None:
    """On the line that built the queryset, and on the line that caused loads, also of a template."""
    (block,) = [each for each in blocks_of(DOCS / "silencing.md", "python") if "# quell: ignore" in each]
    (html,) = blocks_of(DOCS / "silencing.md", "html")
    for name, text in (
        ("both", block),
        ("origin", block.replace("# quell: ignore[Q101,Q103] cached by the gateway", "")),
        ("trigger", block.replace("# quell: ignore[Q101] five rows at most", "")),
    ):
        (desk.folder / f"{name}.py").write_text(f"from tickets.models import Ticket\n{text}")
        printed = desk.script(_SILENCED.format(before=f"from {name} import tickets", call="tickets(None)"))
        assert printed == '[0, ["comment"]]\n', name

    template = f"{{% for ticket in tickets %}}\n{html}{{% endfor %}}"
    (desk.folder / "tickets" / "templates").mkdir()
    (desk.folder / "tickets" / "templates" / "rows.html").write_text(
        template.replace(".customer", ".customer.email")
    )
    call = 'render_to_string("rows.html", {"tickets": Ticket.objects.all()})'
    before = "from django.template.loader import render_to_string"
    assert desk.script(_SILENCED.format(before=before, call=call)) == '[0, ["comment"]]\n'


def test_block_of_the_page_silences(desk: Desk) -> None:
    """The block and the decorator take what they are given."""
    (block,) = [each for each in blocks_of(DOCS / "silencing.md", "python") if each.startswith("with quell")]
    # The application of the page is one of the reader's.
    block = block.replace("helpdesk.Ticket", "tickets.Ticket")
    first, second = block.split("\n\n\n")
    inside = first.replace("...", "[ticket.customer.email for ticket in Ticket.objects.all()]")

    printed = desk.script(_SILENCED.format(before=second, call=inside.replace("\n", "\n    ")))

    assert printed == '[0, ["block"]]\n'


def test_setting_of_the_page_passes_the_checks(desk: Desk) -> None:
    """Models that a project does not have are warnings, nothing is an error."""
    (block,) = [each for each in blocks_of(DOCS / "silencing.md", "python") if "QUELL_IGNORE = [" in each]
    desk.add("config/settings.py", block)

    done = desk.run("python", "manage.py", "check")

    assert done.returncode == 0, done.stderr
    assert set(re.findall(r"quell\.[EW]\d+", done.stdout + done.stderr)) <= {"quell.W001"}


def test_recorded_plans_are_applied(desk: Desk) -> None:
    """By the setting of the page, and inside of the block that has just recorded them."""
    setting, block = blocks_of(DOCS / "recording.md", "python")
    desk.python("manage.py", "quell", "profile", "--record", "plans.json", "/tickets/customers/")
    block = block.replace('client.get("/tickets/")', "visit()")
    counted = _COUNTED + block.replace("    visit()", "    print(visit())")

    before = desk.script(counted)
    desk.add("config/settings.py", setting)
    after = desk.script(f"{_COUNTED}print(visit())")

    assert before.split() == ["5", "1"]
    assert after.split() == ["1"]


_COUNTED = """
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

def visit():
    with CaptureQueriesContext(connection) as queries:
        Client(SERVER_NAME="localhost").get("/tickets/customers/")
    return len(queries)

"""


def test_findings_of_all_processes_are_folded(desk: Desk, redis_url: str) -> None:
    """The settings and the lines of the third step of production make tables, and fill them from Redis."""
    first, _, store, *_ = blocks_of(DOCS / "production.md", "python")
    _, migrate = blocks_of(DOCS / "production.md", "console")[0].splitlines()
    (fold,) = blocks_of(DOCS / "production.md", "console")[1].splitlines()
    assert "redis://localhost:6379/0" in store
    file = desk.folder / "config" / "settings.py"
    file.write_text(file.read_text().replace('["tickets", "quell"]', '["tickets"]'))
    desk.add("config/settings.py", _pasted(store).replace("redis://localhost:6379/0", redis_url))
    desk.add("config/settings.py", _pasted(first.partition("\n")[2]).replace("0.01", "1"))

    assert desk.run(*migrate.split()).returncode == 0
    visited = desk.run("python", "-c", _visit("/tickets/customers/"))
    assert "Q101 tickets.Ticket customer" in visited.stderr
    folded = desk.run(*fold.split())

    assert folded.returncode == 0, folded.stderr
    shown = "from quell.store.models import StoredFinding as Stored\n"
    shown += "print(*Stored.objects.values_list('code', 'first_release'))"
    assert "('Q101', '2026.11.2')" in desk.script(shown), folded.stdout


def test_line_that_a_fix_writes_has_a_way_back() -> None:
    """It reads the number that the queryset loaded, or asks as before."""
    (block,) = blocks_of(DOCS / "fix.md", "python")
    code = compile(block.removeprefix("return ").strip(), "fix.md", "eval")
    views = SimpleNamespace(count=lambda: 7)

    assert eval(code, {"article": SimpleNamespace(views=views)}) == 7
    assert eval(code, {"article": SimpleNamespace(views_count=5)}) == 5


def test_comment_of_the_page_is_the_one_that_is_written() -> None:
    """Keys in order, values URL-encoded."""
    (block,) = blocks_of(DOCS / "production.md", "sql")

    assert comment_of({"route": "/authors/<int:pk>/", "origin": "library/views.py:31"}) in block
