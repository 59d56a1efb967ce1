"""Bad input is one clear line, and the remaining pages are still profiled."""

import io

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings

from tests.profiled.models import Comment
from tests.profiling.conftest import Profile, run_profile

pytestmark = pytest.mark.filterwarnings("ignore:Overriding setting DATABASES:UserWarning")


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("/nowhere/", "answers 404: no such page"),
        ("/raises/", "raises ValueError: first line second line"),
        ("/exits/", "raises SystemExit: 3"),
        ("/private/", "needs a login: name a user with --user"),
        ("/unauthorized/", "needs a login: name a user with --user"),
        ("/forbidden/", "is forbidden: name a user with --user"),
        ("/post_only/", "accepts no GET"),
        ("/logout/", "is excluded: a logout ends the session of the visitor"),
        ("/nowhere/log-out?next=/", "is excluded: a logout ends the session of the visitor"),
        ("/bye/", "is excluded: a logout ends the session of the visitor"),
        ("/admin/jsi18n/", "is excluded: it is a catalogue of translations for scripts, and no page"),
        ("/__debug__/render_panel/", "is excluded: it belongs to a tool that watches queries itself"),
    ],
)
def test_page_that_cannot_be_judged_says_why(profile: Profile, path: str, problem: str) -> None:
    """The page has one line, and the page behind it is profiled."""
    result = profile(path, "/good/")

    assert result.page(path)["problem"] == problem
    assert result.page("/good/")["queries"]["before"] == 1
    assert result.code == 2


def test_findings_weigh_more_than_a_page_that_is_not_judged(profile: Profile) -> None:
    """A run with both ends with the code of findings."""
    assert profile("/nowhere/", "/tickets/").code == 1


def test_url_that_is_none_is_one_line(profile: Profile) -> None:
    """What cannot be parsed is reported as it was given."""
    result = profile("http://[bad/", "/good/")

    assert result.page("http://[bad/")["problem"].startswith("http://[bad/ is no URL")
    assert result.page("/good/")["problem"] == ""


@pytest.mark.parametrize("url", ["http://localhost:8000/ticket/99999999/?page=2", "ticket/99999999/?page=2"])
def test_full_url_is_visited_by_its_path(profile: Profile, url: str) -> None:
    """Neither the host nor a parameter is in the label."""
    result = profile(url)

    assert result.page("/ticket/99999999/?page=2")["label"] == "GET /ticket/<int:pk>/"
    assert result.findings[0]["labels"] == ["GET /ticket/<int:pk>/"]


@pytest.mark.parametrize("url", ["/grüße/?q=ä", "/gr%C3%BC%C3%9Fe/?q=%C3%A4"])
def test_unicode_is_visited(profile: Profile, url: str) -> None:
    """A path is understood raw and quoted."""
    page = profile(url).page(url)

    assert (page["problem"], page["label"]) == ("", "GET /grüße/")


def test_redirect_is_told(profile: Profile) -> None:
    """A page that leads elsewhere says so, without parameters."""
    assert profile("/moved/").page("/moved/")["note"] == "redirects to /tickets/"


def test_regular_expression_route_is_readable(profile: Profile) -> None:
    """The label of a re_path() is the route without anchors."""
    assert profile("/old/tickets/").page("/old/tickets/")["label"] == "GET /old/tickets/"


def test_missing_table_is_one_line(profile: Profile) -> None:
    """Without the table of a page the others are profiled."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {Comment._meta.db_table}")
    result = profile("/comments/", "/good/")

    assert result.page("/comments/")["problem"].startswith("raises OperationalError: no such table")
    assert result.page("/good/")["problem"] == ""


def test_migrations_that_are_not_applied_are_one_line(profile: Profile) -> None:
    """The number of migrations is told on the other stream."""
    with override_settings(MIGRATION_MODULES={}):
        result = profile("/good/")

    assert "not applied: run manage.py migrate first." in result.err
    assert len(result.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"QUELL_LINEAGE_THRESHOLD": "x"}, "quell.E002: QUELL_LINEAGE_THRESHOLD is 'x'"),
        ({"QUELL_LINEAGE_TRESHOLD": 2}, "Did you mean QUELL_LINEAGE_THRESHOLD?"),
        ({"QUELL_SAMPLE_URLS": "no.such.module.urls"}, "QUELL_SAMPLE_URLS is left out"),
        ({"QUELL_SAMPLE_URLS": "tests.profiling.test_profile_input.failing"}, "raises RuntimeError: no rows"),
        ({"QUELL_SAMPLE_URLS": lambda: 7}, "QUELL_SAMPLE_URLS is left out"),
        ({"QUELL_SAMPLE_URLS": lambda: "/good/"}, "must be a list of paths"),
        ({"QUELL_SAMPLE_URLS": [1]}, "quell.E002: QUELL_SAMPLE_URLS"),
        ({"QUELL_SAMPLE_URLS": 7}, "quell.E002: QUELL_SAMPLE_URLS"),
        ({"QUELL_PROFILE_EXCLUDE": ["("]}, "is no regular expression"),
    ],
)
def test_wrong_setting_is_one_line(profile: Profile, settings: dict[str, object], line: str) -> None:
    """The setting is named once, and all pages are profiled."""
    with override_settings(ROOT_URLCONF="tests.profiled.small_urls", **settings):
        result = profile()

    assert line in result.err
    assert len(result.err.splitlines()) == 1
    assert [page["path"] for page in result.document["pages"]] == ["/good/", "/raises/"]


def failing() -> list[str]:
    """Fail to find pages."""
    msg = "no rows"
    raise RuntimeError(msg)


@pytest.mark.parametrize(("pattern", "left"), [(["^/good"], ["/raises/"]), ("^/good", ["/raises/"])])
def test_excluded_pages_are_not_visited(profile: Profile, pattern: object, left: list[str]) -> None:
    """A pattern keeps pages out, also where it is no list."""
    with override_settings(ROOT_URLCONF="tests.profiled.small_urls", QUELL_PROFILE_EXCLUDE=pattern):
        result = profile()

    assert [page["path"] for page in result.document["pages"]] == left


def test_broken_pattern_still_keeps_its_text_out(profile: Profile) -> None:
    """What was meant to be excluded is not visited."""
    with override_settings(ROOT_URLCONF="tests.profiled.small_urls", QUELL_PROFILE_EXCLUDE=["(", "*raises"]):
        result = profile("/*raises", "/good/")

    assert "excluded" in result.page("/*raises")["problem"]


def test_sample_urls_may_come_from_a_callable(profile: Profile) -> None:
    """Samples are added behind the pages without arguments, each once."""
    with override_settings(
        ROOT_URLCONF="tests.profiled.small_urls",
        QUELL_SAMPLE_URLS=lambda: ("/ticket/1/", "/good/", "ticket/2/"),
    ):
        result = profile()

    assert [page["path"] for page in result.document["pages"]] == [
        "/good/",
        "/raises/",
        "/ticket/1/",
        "/ticket/2/",
    ]


def test_list_prints_and_visits_nothing(db: None) -> None:
    """Each path is a line, and a view that would fail is not run."""
    with override_settings(DEBUG=True, ROOT_URLCONF="tests.profiled.small_urls"):
        result = run_profile("--list")

    assert result.out.splitlines() == ["/good/", "/raises/"]
    assert result.code == 0


def test_arguments_that_may_be_left_out_are_none(db: None) -> None:
    """A route with an optional group is visited without it, one with a group that has to be there is not."""
    with override_settings(DEBUG=True, ROOT_URLCONF="tests.profiled.urls"):
        listed = run_profile("--list").out.splitlines()

    assert "/ordered/" in listed
    assert not [path for path in listed if path.startswith(("/ordered/by", "/by", "/ticket/"))]


def test_empty_urlconf_is_one_line(db: None) -> None:
    """Without pages the report says that there are none."""
    with override_settings(DEBUG=True, ROOT_URLCONF="tests.profiled.empty_urls"):
        result = run_profile()

    assert result.out.strip().startswith("There is no page to visit")
    assert result.code == 0


@pytest.mark.parametrize("arguments", [(), ("/good/",)])
def test_urlconf_that_does_not_import_is_one_line(db: None, arguments: tuple[str, ...]) -> None:
    """The command stops, and says that the routes cannot be read."""
    with (
        override_settings(DEBUG=True, ROOT_URLCONF="tests.no_such_urls"),
        pytest.raises(CommandError, match="ROOT_URLCONF cannot be read: raises ModuleNotFound") as caught,
    ):
        run_profile(*arguments)

    assert caught.value.returncode == 2


def test_production_is_refused(db: None) -> None:
    """Without DEBUG nothing is visited, unless that is asked for."""
    with override_settings(DEBUG=False, ROOT_URLCONF="tests.profiled.small_urls"):
        with pytest.raises(CommandError, match="DEBUG is off"):
            run_profile()
        assert run_profile("--allow-production", "/good/").code == 0


def test_user_may_be_a_name_an_address_or_a_key(profile: Profile) -> None:
    """A page for users is visited as that user."""
    user = User.objects.create_user("ada", "ada@example.com", "secret")

    for name in ("ada", "ada@example.com", str(user.pk)):
        assert profile("--user", name, "/private/").page("/private/")["queries"]["before"] == 6


@pytest.mark.parametrize(("name", "message"), [("nobody", "There is no user"), ("left", "is not active")])
def test_user_that_cannot_log_in_is_one_line(profile: Profile, name: str, message: str) -> None:
    """Nothing is profiled as somebody else."""
    User.objects.create_user("left", is_active=False)

    with pytest.raises(CommandError, match=message):
        profile("--user", name)


@pytest.mark.parametrize("number", ["0", "many"])
def test_repeat_must_be_a_number(number: str) -> None:
    """The parser says what it wants."""
    with pytest.raises(CommandError, match="is no whole number, 1 or more"):
        call_command("quell", "profile", "--repeat", number, stdout=io.StringIO())


def test_page_that_swallows_a_database_error_is_explained(profile: Profile) -> None:
    """In a transaction Django lets no query follow, so the page is not to blame."""
    result = profile("/swallows/", "/good/")

    assert "a visit is one transaction, as with ATOMIC_REQUESTS" in result.page("/swallows/")["problem"]
    assert result.page("/good/")["problem"] == ""
