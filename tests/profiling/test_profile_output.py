"""What the command prints, and the surroundings that it makes for its visits."""

import io
import re

import pytest
from django.core.management import call_command
from django.test import override_settings

from tests.profiled.rows import populate
from tests.profiling.conftest import Profile, run_profile

_SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"


class _Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def _on_terminal(*arguments: str) -> tuple[str, str]:
    out, err = _Terminal(), _Terminal()
    with override_settings(DEBUG=True, ROOT_URLCONF="tests.profiled.small_urls"):
        call_command("quell", "profile", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.mark.django_db
def test_terminal_gets_colours_and_progress() -> None:
    """The table is coloured, and the page that is visited is shown."""
    out, err = _on_terminal("/good/")

    assert "\x1b[32mnothing needless\x1b[0m" in out
    assert "1/1 /good/" in err


@pytest.mark.django_db
def test_colours_can_be_turned_off() -> None:
    """The option that every command has is kept to."""
    out, _ = _on_terminal("/good/", "--no-color")

    assert "\x1b" not in out


@pytest.mark.django_db
def test_table_is_aligned() -> None:
    """Each page has one line, and all results begin in one column."""
    populate()
    with override_settings(DEBUG=True, ROOT_URLCONF="tests.profiled.urls"):
        result = run_profile("/good/", "/tickets/", "/raises/", "/own_comments/")
    head, *lines = result.out.split("\n\n")[0].splitlines()
    column = head.index("result")

    assert "\x1b" not in result.out
    assert [line[:column].split()[0] for line in lines] == [
        "/good/",
        "/tickets/",
        "/raises/",
        "/own_comments/",
    ]
    assert [line[column:].split(":")[0] for line in lines] == [
        "nothing needless",
        "1 finding, fix proven",
        "raises ValueError",
        "2 findings, 1 proven, 1 not proven",
    ]
    assert re.search(r"^4 pages \(1 not judged\); 3 findings, 2 with a proven fix$", result.out, re.MULTILINE)


def test_middleware_that_counts_queries_is_left_out(profile: Profile) -> None:
    """What would put its own numbers into a page is not even loaded."""
    with override_settings(MIDDLEWARE=["silk.middleware.SilkyMiddleware", _SESSIONS]):
        assert profile("/tickets/").proofs == [("customer", "proven", "")]


def test_redirect_to_https_is_left_out(profile: Profile) -> None:
    """A page is judged as it is, not as the way to its secure twin."""
    security = "django.middleware.security.SecurityMiddleware"
    with override_settings(MIDDLEWARE=[security], SECURE_SSL_REDIRECT=True):
        assert profile("/tickets/").page("/tickets/")["note"] == ""


def test_error_inside_quell_is_a_problem_of_one_page(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page is named, and the others are profiled."""

    def fail(*arguments: object) -> None:
        msg = "a bug"
        raise RuntimeError(msg)

    monkeypatch.setattr("quell.management.profiling.running.injection_for", fail)
    with override_settings(QUELL_ON_ERROR="log"):
        result = profile("/tickets/", "/good/")

    assert result.page("/tickets/")["problem"] == "was not judged: quell failed, see the log"
    assert result.page("/good/")["problem"] == ""


def test_json_names_every_page_and_finding(profile: Profile) -> None:
    """The findings of a page are named by their fingerprints."""
    result = profile("/tickets/", "/good/", "/raises/")
    (finding,) = result.findings

    assert [page["findings"] for page in result.document["pages"]] == [[finding["fingerprint"]], [], []]
    assert finding["suggestion"] == '.select_related("customer")'


@pytest.mark.parametrize("login", ["/secret-door/", "no_such_route", "/accounts/login/"])
def test_login_page_is_known_by_its_setting(profile: Profile, login: str) -> None:
    """A redirect to the login is a problem, also where the setting is wrong."""
    with override_settings(LOGIN_URL=login):
        problem = profile("/private/").page("/private/")["problem"]

    assert problem.startswith("raises NoReverseMatch" if login == "no_such_route" else "needs a login")
