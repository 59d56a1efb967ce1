"""The findings in Django's admin."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.test import Client, override_settings
from django.urls import reverse
from django.utils.timezone import now

import quell
from quell.findings import docs_url
from quell.production import storing
from quell.store.database import DatabaseStore, moment
from quell.store.findings import StoredFinding
from quell.store.folding import Batch
from quell.store.totals import DAY_SECONDS, Facts, Total
from tests.library.models import Author, Country
from tests.production.conftest import installed
from tests.store.conftest import facts

__all__ = ["installed"]

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/admin/quell_store/storedfinding/"


def _fold(*found: tuple[Facts, int, str]) -> None:
    # A trend ends with the hour that is.
    seen_at = int(now().timestamp())
    totals = []
    for item, saved, release in found:
        total = Total(facts=item, release=release)
        total.add(count=saved + 1, saved=saved, seen_at=seen_at - DAY_SECONDS)
        total.add(count=saved + 1, saved=saved, seen_at=seen_at)
        totals.append(total)
    DatabaseStore().fold(Batch(f"batch{StoredFinding.objects.count()}", totals))


def _permission(codename: str) -> Permission:
    """Return a permission, which a test before may have emptied the table of."""
    owner = ContentType.objects.get_for_model(StoredFinding)
    return Permission.objects.get_or_create(codename=codename, content_type=owner)[0]


@pytest.fixture
def staff(client: Client) -> Client:
    """Somebody who may see findings, and nothing else."""
    user = User.objects.create_user("ann", password="x", is_staff=True)
    user.user_permissions.add(_permission("view_storedfinding"))
    client.force_login(user)
    return client


@pytest.fixture
def reader(staff: Client) -> Client:
    """Somebody who may see source code as well."""
    User.objects.get().user_permissions.add(_permission("read_source"))
    return staff


def _page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_list_shows_what_costs_most_first(staff: Client) -> None:
    """Call site, endpoint, numbers and release are columns."""
    _fold((facts(1), 3, "1"), (facts(2, "GET /many/"), 90, "2"))
    page = _page(staff, LIST)

    assert page.index("GET /many/") < page.index("GET /tickets/")
    assert "library/views.py:2" in page
    assert re.search(r'class="field-saved_count">180<', page)


def test_list_draws_the_trend_with_its_numbers(staff: Client) -> None:
    """The drawing says in words what it shows."""
    _fold((facts(1), 3, "1"))

    (label,) = re.findall(r'aria-label="(Requests per day[^"]*)"', _page(staff, LIST))
    assert label.endswith("0, 0, 1, 1")
    assert label.count(",") == 14


def test_list_runs_as_many_queries_for_more_findings(staff: Client) -> None:
    """The trend of a page is one query, and quell finds nothing in its own page."""
    counts = []
    for number in (1, 5):
        _fold(*((facts(item, f"GET /{number}/{item}/"), 3, "1") for item in range(number)))
        with quell.watch() as watch:
            _page(staff, LIST)
        counts.append(len(watch.queries))
        assert [finding for finding in watch.findings if "quell_store" in finding.model] == []

    assert counts[0] == counts[1]


def test_list_is_searched_and_filtered(staff: Client) -> None:
    """By text and by release."""
    _fold((facts(1), 3, "1"), (facts(2, "GET /many/"), 90, "2"))

    assert "GET /many/" not in _page(staff, f"{LIST}?q=tickets")
    assert "GET /tickets/" not in re.sub(r"(?s)<nav.*?</nav>", "", _page(staff, f"{LIST}?first_release=2"))


@pytest.mark.parametrize(
    ("group", "names"),
    [
        ("endpoint", ["GET /many/", "GET /tickets/"]),
        ("origin", ["library/views.py:1", "library/views.py:2"]),
        ("first_release", ["2", "1"]),
    ],
)
def test_groups_add_up(group: str, names: list[str], staff: Client) -> None:
    """Findings by endpoint, by call site and by release, most needless queries first, each with a link."""
    _fold((facts(1), 3, "1"), (facts(1, "GET /many/"), 90, "2"), (facts(2), 1, "1"))
    page = _page(staff, f"{LIST}by/{group}/")

    assert re.findall(r'<th scope="row"><a href="[^"]+">([^<]*)</a>', page) == names
    link = re.findall(r'<th scope="row"><a href="([^"]+)">', page)[0]
    assert _page(staff, link.replace("&amp;", "&")).count('class="field-saved_count"') >= 1


def test_groups_are_sorted_by_a_column(staff: Client) -> None:
    """A heading sorts, and says so to those who do not see it."""
    _fold((facts(1), 3, "1"), (facts(1, "GET /many/"), 90, "2"))
    page = _page(staff, f"{LIST}by/endpoint/?o=name")

    assert re.findall(r'<th scope="row"><a href="[^"]+">([^<]*)</a>', page) == ["GET /many/", "GET /tickets/"]
    assert 'aria-sort="ascending"' in page


def test_unknown_group_is_not_found(staff: Client) -> None:
    """Columns of the table cannot be chosen freely."""
    assert staff.get(f"{LIST}by/anchor/").status_code == 404


def test_page_of_a_finding_has_the_fix(staff: Client) -> None:
    """The code to write, a button that copies it, the trend by hour, and the other endpoints."""
    _fold((facts(1), 3, "1"), (facts(1, "GET /many/"), 90, "2"))
    row = StoredFinding.objects.get(endpoint="GET /many/")
    page = _page(staff, f"{LIST}{row.pk}/change/")

    assert 'data-copy=".select_related(&quot;country&quot;)"' in page
    assert re.search(r'aria-label="Requests per hour[^"]* 1"', page)
    assert f'href="{LIST}?fingerprint__exact={row.fingerprint}">1</a>' in page
    assert reverse("admin:quell_store_storedfinding_fix", args=[row.pk]) in page
    assert f'href="{docs_url(row.code)}"' in page


def test_texts_are_escaped(staff: Client) -> None:
    """Nothing that an endpoint or a suggestion holds is markup."""
    odd = Facts(
        **{name: getattr(facts(1, "<script>x"), name) for name in Facts.__slots__} | {"suggestion": '"><b>'}
    )
    _fold((odd, 3, "<i>"))
    pk = StoredFinding.objects.get().pk

    for address in (LIST, f"{LIST}{pk}/change/", f"{LIST}{pk}/fix/", f"{LIST}by/endpoint/"):
        page = _page(staff, address)
        assert "<script>x" not in page
        assert '"><b>' not in page


def test_nobody_adds_or_changes(admin_client: Client) -> None:
    """What was counted is for reading, also for a superuser."""
    _fold((facts(1), 3, "1"))
    pk = StoredFinding.objects.get().pk

    assert admin_client.get(f"{LIST}add/").status_code == 403
    assert admin_client.post(f"{LIST}{pk}/change/", {"endpoint": "x"}).status_code == 403


@pytest.mark.parametrize("address", ["", "by/endpoint/", "{pk}/fix/", "{pk}/change/"])
def test_permission_is_needed(address: str, client: Client) -> None:
    """Staff without the permission see none of the pages."""
    _fold((facts(1), 3, "1"))
    client.force_login(User.objects.create_user("bob", is_staff=True))

    address = address.format(pk=StoredFinding.objects.get().pk)
    assert client.get(f"{LIST}{address}").status_code == 403


@pytest.fixture
def fix_page(installed: None, reader: Client) -> Iterator[str]:
    """The address of the fix of a finding that a request has shown."""
    for number in range(3):
        country = Country.objects.create(name=f"Country {number}")
        Author.objects.create(name=f"Author {number}", country=country)
    with override_settings(QUELL_STORE="database", QUELL_STORE_SECONDS=3600, BASE_DIR=ROOT):
        Client().get("/first/3/")
        assert storing.flush()
        with override_settings(ROOT_URLCONF="tests.urls"):
            yield f"{LIST}{StoredFinding.objects.get().pk}/fix/"


def _text(page: str) -> str:
    return re.sub(r"<[^>]+>", "", page).replace("&quot;", '"').replace("&#x27;", "'")


def test_fix_is_a_diff_of_the_source(reader: Client, fix_page: str) -> None:
    """It shows the line that would change, and writes nothing."""
    before = (ROOT / "tests/production/views.py").read_text()
    page = _page(reader, fix_page)

    (added,) = re.findall(r'class="quell-added">(.*?)</span>', page)
    assert 'Author.objects.order_by("pk").select_related("country")' in _text(added) or (
        'select_related("country")' in _text(added)
    )
    assert "a/tests/production/views.py" in page or "tests/production/views.py" in page
    assert (ROOT / "tests/production/views.py").read_text() == before


def test_source_needs_a_permission_of_its_own(staff: Client, fix_page: str) -> None:
    """Who may see findings need not see code."""
    User.objects.get(username="ann").user_permissions.remove(_permission("read_source"))

    page = _page(staff, fix_page)
    assert "quell-diff" not in page
    assert "You may not see source code." in page


def _changed(name: str, text: str) -> None:
    StoredFinding.objects.update(**{name: text})


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("anchor", "x=1", "the line says something else now"),
        ("origin", "tests/production/no_such.py:3", "not on this machine"),
        ("origin", "tests/production/page.html:3", "not built in Python"),
        ("origin", "", "nothing tells where it is built"),
        ("suggestion", "bulk_create(rows)", "which a person has to write"),
        ("suggestion", '.annotate(n=Count("books"))', "the lines that ask have to change, too"),
    ],
)
def test_missing_diff_has_a_reason(name: str, text: str, reason: str, reader: Client, fix_page: str) -> None:
    """The suggestion stays, and the page says why there is no more."""
    _changed(name, text)
    page = _page(reader, fix_page)

    assert reason in _text(page)
    assert "quell-diff" not in page


def test_diff_needs_libcst(reader: Client, fix_page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it the page says what to install."""
    monkeypatch.setattr("quell.contrib.fixes.find_spec", lambda name: None)

    assert 'pip install "django-quell[fix]"' in _text(_page(reader, fix_page))


def test_trend_begins_where_its_bars_do() -> None:
    """What is older than the drawing is not in it."""
    from quell.contrib.findings_trend import DAYS, bars_of, since

    moment = now()
    first = since(moment, DAYS)
    numbers: dict[Any, int] = {first: 4, first - timedelta(days=1): 9, first + timedelta(days=13): 2}

    assert bars_of(numbers, moment, DAYS) == (4, *[0] * 12, 2)


@pytest.mark.parametrize(
    ("zone", "noon_there"),
    [("Europe/Berlin", "2026-10-29T12:00"), ("America/New_York", "2026-03-12T12:00")],
)
def test_bars_of_a_project_without_zones_go_on_where_its_clock_changes(zone: str, noon_there: str) -> None:
    """Days begin at midnight in UTC, which is another hour there since the change."""
    from quell.contrib.findings_trend import DAYS, HOURS, bars_of, since

    with override_settings(USE_TZ=False, TIME_ZONE=zone):
        now_there = datetime.fromisoformat(noon_there)
        noon = int(now_there.timestamp())
        days = {moment(noon - noon % DAY_SECONDS - DAY_SECONDS * ago): ago + 1 for ago in range(14)}

        assert bars_of(days, now_there, DAYS) == tuple(range(14, 0, -1))
        assert since(now_there, DAYS) == min(days)
        assert sum(bars_of({now_there.replace(hour=3): 7}, now_there, HOURS)) == 7
