"""Asynchronous pages, and pages that are not made in one piece."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from asgiref.sync import sync_to_async
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse

from tests.profiled.models import Customer, Ticket


async def asynchronous(request: HttpRequest) -> HttpResponse:
    """Show customers, each loaded in a thread."""
    names = [await sync_to_async(_customer_name)(row) async for row in Ticket.objects.order_by("pk")]
    return HttpResponse(" ".join(names))


def _customer_name(row: Ticket) -> str:
    return row.customer.name


async def asynchronous_writes(request: HttpRequest) -> HttpResponse:
    """Write a row by the asynchronous interface, and one in a thread."""
    await Customer.objects.acreate(name="written")
    await sync_to_async(Customer.objects.create)(name="written in a thread")
    return HttpResponse("ok")


def stream(request: HttpRequest) -> StreamingHttpResponse:
    """Run the queries while streaming."""

    def parts() -> Iterator[str]:
        for row in Ticket.objects.order_by("pk"):
            yield f"{row.title} by {row.customer}\n"

    return StreamingHttpResponse(parts())


def stream_counts(request: HttpRequest) -> StreamingHttpResponse:
    """Count while streaming."""

    def parts() -> Iterator[str]:
        for row in Ticket.objects.order_by("pk"):
            yield f"{row.comments.count()}\n"

    return StreamingHttpResponse(parts())


async def asynchronous_stream(request: HttpRequest) -> StreamingHttpResponse:
    """Stream from an asynchronous generator."""

    async def parts() -> AsyncIterator[str]:
        async for row in Ticket.objects.order_by("pk"):
            yield await sync_to_async(_customer_name)(row)

    return StreamingHttpResponse(parts())


def endless(request: HttpRequest) -> StreamingHttpResponse:
    """Stream for ever."""

    def parts() -> Iterator[str]:
        while True:
            yield "event\n"

    return StreamingHttpResponse(parts())


def file(request: HttpRequest) -> FileResponse:
    """Send a file."""
    return FileResponse(Path(__file__).open("rb"))
