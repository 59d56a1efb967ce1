"""The pages of the soak, and what each request has to report: exactly its own statements and findings."""

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from itertools import count
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path

from benchmarks.models import Ticket
from benchmarks.soak_book import Book, Report, report_of
from quell.events import QueryEvent
from quell.findings import Finding
from quell.signals import findings_reported

_pool = ThreadPoolExecutor(4)
_numbers = count()


book = Book()
_reports: ContextVar[list[tuple[str, Report]]] = ContextVar("soak_reports")


def receive(
    *, findings: tuple[Finding, ...], queries: tuple[QueryEvent, ...], label: str, **_: object
) -> None:
    """Hand a report to the request in whose context it was sent."""
    labels = {name for item in findings for name in item.labels}
    report = report_of(findings, queries)
    _reports.get().append((label if labels == {label} else f"{label}, but {labels}", report))


findings_reported.connect(receive)


class CheckingMiddleware:
    """Outside of quell's middleware: gather what is reported about a request, and compare."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Answer and compare."""
        if self._is_async:
            return self._answer(request)
        reports: list[tuple[str, Report]] = []
        token = _reports.set(reports)
        response = self.get_response(request)
        _reports.reset(token)
        self._check(request, reports)
        return response

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        reports: list[tuple[str, Report]] = []
        token = _reports.set(reports)
        awaitable: object = self.get_response(request)
        assert isinstance(awaitable, Awaitable)
        response: HttpResponseBase = await awaitable
        _reports.reset(token)
        self._check(request, reports)
        return response

    def _check(self, request: HttpRequest, reports: list[tuple[str, Report]]) -> None:
        _, name, number, _ = request.path.split("/")
        book.check(name, int(number), f"GET /{name}/<int:number>/", reports)


def rows(number: int) -> list[str]:
    """Load what belongs to the rows eagerly."""
    return [ticket.customer.name for ticket in Ticket.objects.select_related("customer")[:number]]


def clean(request: HttpRequest, number: int) -> HttpResponse:
    """Show rows that were loaded at once."""
    return HttpResponse(rows(number))


def lazy(request: HttpRequest, number: int) -> HttpResponse:
    """Load a foreign key of each row."""
    return HttpResponse([ticket.customer.name for ticket in Ticket.objects.order_by("pk")[:number]])


def answers(request: HttpRequest, number: int) -> HttpResponse:
    """Load the comments of each row."""
    # The plugin for types sees no reverse relations here.
    tickets: Any = Ticket.objects.order_by("pk")[:number]
    return HttpResponse([len(ticket.comments.all()) for ticket in tickets])


def loop(request: HttpRequest, number: int) -> HttpResponse:
    """Get rows one by one."""
    return HttpResponse([Ticket.objects.get(pk=pk).title for pk in range(1, number + 1)])


def fail(request: HttpRequest, number: int) -> HttpResponse:
    """Fail after the loads."""
    names = [ticket.customer.name for ticket in Ticket.objects.order_by("pk")[:number]]
    raise LookupError(names)


def pooled(request: HttpRequest, number: int) -> HttpResponse:
    """Load a foreign key of each row in a pool that all requests share."""
    tickets = list(Ticket.objects.order_by("pk")[:number])
    jobs = [_pool.submit(_customer_in_pool, ticket) for ticket in tickets]
    return HttpResponse([job.result() for job in jobs])


def _customer_in_pool(ticket: Ticket) -> str:
    try:
        return _customer_of(ticket)
    finally:
        # The threads of the pool end with the process only, and nobody else closes what they open.
        connections.close_all()


def _customer_of(ticket: Ticket) -> str:
    return str(ticket.customer.name)


async def waiting(request: HttpRequest, number: int) -> HttpResponse:
    """Load a foreign key of each row from an event loop."""
    tickets = Ticket.objects.order_by("pk")[:number]
    return HttpResponse([await sync_to_async(_customer_of)(ticket) async for ticket in tickets])


async def awaiting(request: HttpRequest, number: int) -> HttpResponse:
    """Get rows one by one from an event loop."""
    return HttpResponse([(await Ticket.objects.aget(pk=pk)).title for pk in range(1, number + 1)])


PAGES = (clean, lazy, answers, loop, fail, pooled, waiting, awaiting)
# An async page in a thread of its own costs an event loop, so that there are fewer of them under WSGI.
SYNC = ("clean", "lazy", "answers", "loop") * 4 + ("fail", "pooled", "waiting", "awaiting")
ASYNC = ("clean", "lazy", "waiting", "awaiting", "answers", "loop", "fail", "pooled")
urlpatterns = [path(f"{page.__name__}/<int:number>/", page) for page in PAGES]


def next_page(names: tuple[str, ...]) -> tuple[str, int]:
    """Return the next page to visit, and how many rows to ask for."""
    number = next(_numbers)
    return names[number % len(names)], 3 + number // len(names) % 4
