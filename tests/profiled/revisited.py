"""Pages that look otherwise when somebody comes again, because of what they wrote, or of the clock."""

from contextlib import suppress

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from tests.profiled import views
from tests.profiled.models import Customer, Ticket

ages: list[str] = []


def _titles() -> str:
    return " ".join(f"{ticket.title} by {ticket.customer}" for ticket in Ticket.objects.order_by("pk"))


def writes_once(request: HttpRequest) -> HttpResponse:
    """Make a row for whoever comes for the first time, and show the shops to them only."""
    visitor, is_new = Customer.objects.get_or_create(name="written")
    names = [str(row.shop) for row in Ticket.objects.order_by("-pk")] if is_new else []
    transaction.on_commit(lambda: views.committed.append("writes_once"))
    return HttpResponse(f"{visitor.pk} {names} {_titles()}")


def writes_once_by_session(request: HttpRequest) -> HttpResponse:
    """Make a row for each session."""
    if "customer" not in request.session:
        with transaction.atomic(durable=True):
            request.session["customer"] = Customer.objects.create(name="written").pk
    return HttpResponse(f"{Customer.objects.get(pk=request.session['customer'])} {_titles()}")


def writes_once_by_cookie(request: HttpRequest) -> HttpResponse:
    """Make a row for each browser."""
    pk = request.COOKIES.get("customer") or Customer.objects.create(name="written").pk
    response = HttpResponse(f"{Customer.objects.get(pk=pk)} {_titles()}")
    response.set_cookie("customer", str(pk))
    return response


def writes_nothing(request: HttpRequest) -> HttpResponse:
    """Change and delete rows that are not there."""
    Customer.objects.filter(name="nobody").update(name="somebody")
    Ticket.objects.filter(title="none").delete()
    return HttpResponse(_titles())


def writes_and_fails(request: HttpRequest) -> HttpResponse:
    """Write a row on the first visit, and go on after an error of the database in a block of its own."""
    if not Customer.objects.filter(name="written").exists():
        Customer.objects.create(name="written")
        with suppress(IntegrityError), transaction.atomic():
            Customer.objects.create(pk=Customer.objects.order_by("pk")[0].pk, name="again")
    return HttpResponse(_titles())


def age(request: HttpRequest) -> HttpResponse:
    """Show how old something is, which becomes another text with the third visit."""
    ages.append("59 minutes" if len(ages) < 2 else "1 hour, 0 minutes")
    return HttpResponse(f"{ages[-1]} {_titles()}")
