"""Measure which SELECT shapes run more often when a page has more rows."""

import sys
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field

from django.contrib.auth import get_user_model
from django.db import connections, transaction
from django.test import Client
from locate import Locator, Place
from protocol import App, Page
from shapes import is_select, shape_of, tables_of


@dataclass(slots=True)
class Visit:
    """
    What one measured request did.

    Attributes:
        counts: Executions by shape, reads only.
        places: Where the executions of each shape came from.
        query_count: All statements, writes included.
        error: Why the visit does not count, or `""`.
        answer: Status, headers and body of the response.
    """

    counts: Counter[str] = field(default_factory=Counter)
    places: dict[str, Counter[Place]] = field(default_factory=lambda: defaultdict(Counter))
    query_count: int = 0
    error: str = ""
    answer: tuple[int, Mapping[str, str], bytes] | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """One place that runs a shape, with its executions at both sizes."""

    place: Place
    small: int
    large: int

    @property
    def is_growing(self) -> bool:
        """Return whether the place runs more than once, and more often at the larger size."""
        return self.large > max(1, self.small)


@dataclass(frozen=True, slots=True)
class Growth:
    """A SELECT shape of one page that runs more often at the larger size, and the sites to blame."""

    page: str
    shape: str
    small: int
    large: int
    sites: tuple[Site, ...]

    @property
    def tables(self) -> tuple[str, ...]:
        """Return the tables of the statement, the one after FROM first."""
        return tables_of(self.shape)


@dataclass(frozen=True, slots=True)
class Oracle:
    """Visits of every page at both sizes, and what grew between them."""

    small: Mapping[str, Visit]
    large: Mapping[str, Visit]

    @property
    def errors(self) -> dict[str, str]:
        """Return the reason of each page that could not be visited."""
        visits = [*self.small.items(), *self.large.items()]
        return {name: visit.error for name, visit in visits if visit.error}

    @property
    def growths(self) -> tuple[Growth, ...]:
        """Return the growing shapes, page by page."""
        return tuple(
            Growth(page, shape, self.small[page].counts[shape], count, self._growing_sites(page, shape))
            for page, visit in self.large.items()
            for shape, count in visit.counts.items()
            if count > max(1, self.small[page].counts[shape])
        )

    def sites(self, page: str, shape: str) -> tuple[Site, ...]:
        """Return every place that ran a shape on a page, most executions first."""
        before = self.small[page].places.get(shape, Counter())
        after = self.large[page].places[shape]
        return tuple(Site(place, before[place], count) for place, count in after.most_common())

    def _growing_sites(self, page: str, shape: str) -> tuple[Site, ...]:
        sites = self.sites(page, shape)
        return tuple(site for site in sites if site.is_growing) or sites


class Recorder:
    """Add each statement that a connection executes to a visit."""

    def __init__(self, visit: Visit, locator: Locator) -> None:
        """Take the visit to fill."""
        self._visit = visit
        self._locator = locator

    def __call__(self, execute: Callable[..., object], sql: str, *arguments: object) -> object:
        """Record one statement and run it."""
        self._visit.query_count += 1
        if is_select(sql):
            shape = shape_of(sql)
            self._visit.counts[shape] += 1
            self._visit.places[shape][self._locator.locate(sys._getframe(1))] += 1
        return execute(sql, *arguments)


@contextmanager
def recording(locator: Locator) -> Iterator[Visit]:
    """Record the statements of all aliases within the block."""
    visit = Visit()
    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(Recorder(visit, locator)))
        yield visit


@contextmanager
def undone() -> Iterator[None]:
    """Roll back what the block writes: a page that notes its visits would be longer for each visit before."""
    with ExitStack() as stack:
        for alias in connections:
            stack.enter_context(transaction.atomic(using=alias))
        yield
        for alias in connections:
            transaction.set_rollback(True, using=alias)


def _client_of(page: Page) -> Client:
    client = Client()
    if page.user is not None:
        client.force_login(get_user_model()._default_manager.get_by_natural_key(page.user))
    return client


def visit_page(page: Page, locator: Locator, around: AbstractContextManager[object] | None = None) -> Visit:
    """Warm the page up, then request it once more, recorded and inside `around`; nothing stays behind."""
    try:
        with undone():
            client = _client_of(page)
            client.get(page.url)
            with recording(locator) as visit, around or nullcontext():
                response = client.get(page.url)
    # A page of an application may fail in any way; the others are measured all the same.
    except Exception as error:  # noqa: BLE001
        where = traceback.extract_tb(error.__traceback__)[-1]
        return Visit(error=f"{type(error).__name__}: {error} at {where.filename}:{where.lineno}")
    body = b"" if response.streaming else response.content
    visit.answer = response.status_code, dict(response.items()), body
    if response.status_code != page.status:
        visit.error = f"status {response.status_code}, expected {page.status}"
    return visit


def grow(app: App, size: int) -> None:
    """Grow the database to a size, and let every page note its first visit."""
    app.populate(size)
    for page in app.pages(size).values():
        # A thumbnail, or the basket of a customer, is made once and stays.
        with suppress(Exception):
            _client_of(page).get(page.url)


def visit_all(app: App, size: int) -> dict[str, Visit]:
    """Grow the database to a size, and measure each page."""
    grow(app, size)
    locator = Locator(app.libraries)
    return {name: visit_page(page, locator) for name, page in app.pages(size).items()}
