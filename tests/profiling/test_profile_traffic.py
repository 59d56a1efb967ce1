"""``quell profile --har`` and ``--access-log``: the pages that people really visit."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from tests.profiled.models import Ticket
from tests.profiling.conftest import Profile, Result

NGINX = '10.0.0.1 - - [28/Nov/2026:12:00:00 +0000] "{} {} HTTP/1.1" {} 512 "-" "Mozilla/5.0"'


def _har(*requests: tuple[str, str, int]) -> str:
    entries = [
        {"request": {"method": method, "url": url}, "response": {"status": status}}
        for method, url, status in requests
    ]
    return json.dumps({"log": {"entries": entries}})


def _pages(result: Result) -> list[dict[str, Any]]:
    pages: list[dict[str, Any]] = result.document["pages"]
    return pages


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of traffic."""
    return tmp_path / "traffic"


def test_har_is_visited_once_per_route(profile: Profile, file: Path) -> None:
    """The busiest route comes first, by its most frequent URL."""
    first, last = Ticket.objects.order_by("pk")[0].pk, Ticket.objects.order_by("-pk")[0].pk
    host = "https://shop.example"
    visits = [("GET", f"{host}/ticket/{last}/?a=1", 200)] * 2 + [("GET", f"{host}/ticket/{first}/", 200)]
    file.write_text(_har(("GET", f"{host}/good/", 200), *visits))
    result = profile("--har", str(file))

    assert [page["path"] for page in _pages(result)] == ["/ticket/<int:pk>/", "/good/"]
    assert result.findings[0]["count"] == 4
    assert result.err.splitlines() == ["traffic: 4 requests of 2 routes"]


def test_urls_of_others_are_not_told(profile: Profile, file: Path) -> None:
    """Neither a key nor a parameter of a recorded URL is in any report."""
    file.write_text(_har(("GET", "https://shop.example/ticket/987654321/?token=s3cret", 200)))

    for name in ("json", "text", "html", "junit"):
        result = profile("--har", str(file), "--format", name)
        assert "987654321" not in result.out + result.err
        assert "s3cret" not in result.out + result.err


def test_only_good_gets_of_one_host_are_visited(profile: Profile, file: Path) -> None:
    """What is left out is counted by its reason."""
    host = "https://shop.example"
    file.write_text(
        _har(
            ("GET", f"{host}/good/", 200),
            ("POST", f"{host}/tickets/", 200),
            ("GET", f"{host}/raises/", 500),
            ("GET", f"{host}/static/style.css", 200),
            ("GET", "https://cdn.example/tickets/", 200),
        )
    )
    result = profile("--har", str(file))

    assert [page["path"] for page in _pages(result)] == ["/good/"]
    assert result.err.strip() == (
        "traffic: 1 requests of 1 routes; left out: 1 to other hosts, 1 with other methods than GET, "
        "1 that failed, 1 of no route"
    )


def test_urls_that_are_none_are_left_out(profile: Profile, file: Path) -> None:
    """A data: URL, one that no browser should have written, and the mark that some tools begin a file with."""
    visits = [("GET", url, 200) for url in ("data:text/css,x", "http://[no", "https://shop.example/good/")]
    file.write_text("\ufeff" + _har(*visits), encoding="utf-8")
    result = profile("--har", str(file))

    assert [page["path"] for page in _pages(result)] == ["/good/"]
    assert "left out: 2 to other hosts" in result.err


def test_logout_of_recorded_traffic_is_not_visited(profile: Profile, file: Path) -> None:
    """What is excluded stays excluded."""
    file.write_text(_har(("GET", "https://shop.example/logout/", 200)))

    assert _pages(profile("--har", str(file)))[0]["problem"].startswith("is excluded")


@pytest.mark.parametrize(
    "line",
    [
        NGINX.format("GET", "/tickets/?page=2", 200),
        '[28/Nov/2026 12:00:00] "GET /tickets/ HTTP/1.1" 200 1234',
        'INFO:     127.0.0.1:54321 - "GET /tickets/ HTTP/1.1" 200 OK',
    ],
)
def test_access_logs_of_servers_are_read(profile: Profile, file: Path, line: str) -> None:
    """Of nginx, of runserver, of uvicorn; other lines between them are none."""
    file.write_text(f"Starting up\n{line}\n{NGINX.format('POST', '/good/', 200)}\n")
    result = profile("--access-log", str(file))

    assert [page["path"] for page in _pages(result)] == ["/tickets/"]
    assert [finding["path"] for finding in result.findings] == ["customer"]


def test_pages_of_a_log_can_be_listed(profile: Profile, file: Path) -> None:
    """Nothing is visited."""
    file.write_text(NGINX.format("GET", "/tickets/", 200))

    assert profile("--access-log", str(file), "--list").out == "/tickets/\n"


@pytest.mark.parametrize(
    ("option", "content", "message"),
    [
        ("--har", None, "cannot be read: No such file"),
        ("--har", "no", "is no HAR file"),
        ("--har", '{"log": {"entries": [{}]}}', "is no HAR file: KeyError"),
        ("--har", _har(("GET", "/", "never")), "is no HAR file: ValueError"),  # type: ignore[arg-type]  # a text
        ("--har", "[" * 100_000, "is no HAR file: RecursionError"),
        ("--access-log", None, "cannot be read: No such file"),
        ("--access-log", "hello\n", "has no line with a request"),
    ],
)
def test_file_that_holds_no_traffic_is_one_line(
    profile: Profile, file: Path, option: str, content: str | None, message: str
) -> None:
    """It says what is expected."""
    if content is not None:
        file.write_text(content)
    with pytest.raises(CommandError, match=message):
        profile(option, str(file))


@pytest.mark.parametrize("requests", [[], [("POST", "https://shop.example/tickets/", 200)]])
def test_har_without_a_page_is_one_line(
    profile: Profile, file: Path, requests: list[tuple[str, str, int]]
) -> None:
    """It names the file, and not the routes of the project."""
    file.write_text(_har(*requests))

    with pytest.raises(
        CommandError, match="There is no page to visit: name a file with GET requests"
    ) as caught:
        profile("--har", str(file))
    assert caught.value.returncode == 2


def test_har_of_which_no_page_is_judged_ends_badly(profile: Profile, file: Path) -> None:
    """One of them that is judged is enough."""
    private, good = (("GET", f"https://shop.example/{name}/", 200) for name in ("private", "good"))
    file.write_text(_har(private))
    assert profile("--har", str(file)).code == 2

    file.write_text(_har(private, good))
    assert profile("--har", str(file)).code == 0
