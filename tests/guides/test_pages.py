"""What the pages of the documentation tell to run can be run, and does what they say."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from tests.guides.desk import PROGRAMS, ROOT, Desk, blocks_of

DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
# What needs this repository, another host, or a release.
_THEIRS = ("make ", "git ")
_PLACES = {"/var/log/nginx/access.log": "access.log"}
_WITH_COMMANDS = (
    "README",
    "ci",
    "fix",
    "migrating",
    "profile",
    "recording",
    "reports",
    "silencing",
    "testing",
)
# Commands that need more than a project: tests/store runs them.
_ELSEWHERE = {"production": ("python manage.py migrate", "python manage.py quell fold")}


def _lines(page: Path) -> list[str]:
    lines = "".join(blocks_of(page, "console")).splitlines()
    return [line.removeprefix("$ ") for line in lines if line]


def _page(stem: str) -> Path:
    return next(page for page in PAGES if page.stem == stem)


@pytest.fixture(scope="module")
def _filled(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    made = Desk(tmp_path_factory.mktemp("desk") / "project")
    made.fill()
    for name in ("old.json", "new.json"):
        made.run("python", "manage.py", "quell", "profile", "--report", name, "/tickets/customers/")
    return made


@pytest.fixture
def desk(_filled: Desk, tmp_path: Path) -> Desk:
    """A project with tickets, orders and two reports."""
    return _filled.copy_to(tmp_path / "project")


@pytest.mark.parametrize("stem", _WITH_COMMANDS)
def test_commands_of_a_page_run(desk: Desk, stem: str) -> None:
    """Each command of the page can run: it ends with 0, or with 1 where it found something, and never with 2."""
    ran = 0
    for line in _lines(_page(stem)):
        if line.startswith((*_THEIRS, "pip ")):
            continue
        done = desk.run(*(_PLACES.get(word, word) for word in shlex.split(line, comments=True)))
        assert done.returncode in {0, 1}, f"{line}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr, f"{line}\n{done.stderr}"
        ran += 1

    assert ran


def test_no_command_is_left_out() -> None:
    """A page with a command that can run is among those above, and a program that nobody knows is a mistake."""
    for page in PAGES:
        for line in _lines(page):
            assert line.startswith(_THEIRS) or line.split()[0] in {*PROGRAMS, "pip"}, f"{page.name}: {line}"
            is_tried = page.stem in _WITH_COMMANDS or line in _ELSEWHERE.get(page.stem, ())
            assert is_tried or line.startswith((*_THEIRS, "pip ")), f"{page.name}: {line}"


def test_extras_that_are_installed_exist() -> None:
    """Each extra that a page installs is one of the distribution."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    found = {
        name for page in PAGES for line in _lines(page) for name in re.findall(r"django-quell\[(\w+)\]", line)
    }

    assert found
    assert found <= extras.keys()


def test_targets_of_make_exist() -> None:
    """Each target that a page names is one of the Makefile."""
    makefile = (ROOT / "Makefile").read_text()
    for page in PAGES:
        for line in _lines(page):
            if line.startswith("make "):
                assert re.search(rf"^{line.split()[1]}:", makefile, re.MULTILINE), line


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


@pytest.mark.parametrize(
    ("page", "count"),
    [("README.md", 2), ("docs/silencing.md", 3), ("docs/toolbar.md", 2)],
)
def test_every_block_of_code_is_run(page: str, count: int) -> None:
    """A block that is new on one of these pages needs a test."""
    assert len(blocks_of(ROOT / page, "python")) == count
