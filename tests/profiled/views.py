"""Pages with one N+1 each, and what may get in the way of judging them."""

import random
import secrets
import sys
import threading
from contextlib import suppress

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.core.mail import send_mail
from django.db import IntegrityError, connection, connections, transaction
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.views.decorators.http import require_POST

from tests.profiled.models import Comment, Customer, Ticket

committed: list[str] = []


def _titles() -> str:
    return " ".join(f"{ticket.title} by {ticket.customer}" for ticket in Ticket.objects.order_by("pk"))


def tickets(request: HttpRequest) -> HttpResponse:
    """Show each ticket with its customer."""
    return HttpResponse(_titles())


def good(request: HttpRequest, **_: str) -> HttpResponse:
    """Show the same with a join."""
    rows = Ticket.objects.order_by("pk").select_related("customer")
    return HttpResponse(" ".join(f"{ticket.title} by {ticket.customer}" for ticket in rows))


def ticket(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the customers of all tickets up to one."""
    rows = Ticket.objects.filter(pk__lte=pk).order_by("pk")
    return HttpResponse(" ".join(str(row.customer) for row in rows))


def template(request: HttpRequest) -> HttpResponse:
    """Show customers in a template, with a token that changes."""
    return render(request, "profiled/tickets.html", {"tickets": Ticket.objects.order_by("pk")})


def raises(request: HttpRequest) -> HttpResponse:
    """Fail."""
    msg = "first line\nsecond line"
    raise ValueError(msg)


def exits(request: HttpRequest) -> HttpResponse:
    """End the process."""
    sys.exit(3)


@login_required
def private(request: HttpRequest) -> HttpResponse:
    """Show the tickets to users."""
    return HttpResponse(f"{request.user} {_titles()}")


def unauthorized(request: HttpRequest) -> HttpResponse:
    """Ask for a token."""
    return HttpResponse(status=401)


def forbidden(request: HttpRequest) -> HttpResponse:
    """Refuse everybody."""
    raise PermissionDenied


@require_POST
def post_only(request: HttpRequest) -> HttpResponse:
    """Take what is posted."""
    return HttpResponse("posted")


def moved(request: HttpRequest) -> HttpResponse:
    """Lead elsewhere."""
    return HttpResponse(status=302, headers={"Location": "/tickets/?page=2"})


def writes(request: HttpRequest) -> HttpResponse:
    """Write a row while showing the tickets."""
    Customer.objects.create(name="written")
    transaction.on_commit(lambda: committed.append("writes"))
    return HttpResponse(_titles())


def writes_elsewhere(request: HttpRequest) -> HttpResponse:
    """Write a row to the second database."""
    Customer.objects.using("other").create(name="written")
    return HttpResponse(f"{Customer.objects.using('other').count()}")


def durable(request: HttpRequest) -> HttpResponse:
    """Write in a block that must be the outermost one."""
    with transaction.atomic(durable=True):
        Customer.objects.create(name="durable")
        transaction.on_commit(lambda: committed.append("durable"))
    return HttpResponse(_titles())


def services(request: HttpRequest) -> HttpResponse:
    """Use mail, cache, session and messages; show what is left of earlier visits."""
    send_mail("subject", "body", "from@example.com", ["to@example.com"])
    cache.set("profiled", "changed")
    seen = request.session.get("seen", 0)
    request.session["seen"] = seen + 1
    messages.info(request, "hello")
    sys.stdout.write("printed by the view\n")
    return HttpResponse(f"seen {'x' * (seen + 1)} {_titles()}")


def logout(request: HttpRequest) -> HttpResponse:
    """End the session."""
    request.session.flush()
    return HttpResponse("bye")


def closes(request: HttpRequest) -> HttpResponse:
    """Close the connections in the middle."""
    Customer.objects.create(name="before closing")
    connections.close_all()
    connection.close()
    return HttpResponse(_titles())


def thread(request: HttpRequest) -> HttpResponse:
    """Write a row in a thread, and wait for it."""

    def write() -> None:
        Customer.objects.create(name="by a thread")
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    writer.join()
    return HttpResponse("ok")


def random_order(request: HttpRequest) -> HttpResponse:
    """Show the customers in any order."""
    names = [str(row.customer) for row in Ticket.objects.order_by("pk")]
    random.shuffle(names)
    return HttpResponse(" ".join(secrets.token_hex(4) + f" {name}" * random.randint(1, 9) for name in names))


def nonce(request: HttpRequest) -> HttpResponse:
    """Send a token, a nonce and a number of this request."""
    value = secrets.token_urlsafe(16)
    body = f'<script nonce="{value}"></script>{get_token(request)} {_titles()} <b nonce="{value}">'
    headers = {
        "X-Request-ID": secrets.token_hex(16),
        "Content-Security-Policy": f"script-src 'nonce-{value}'",
    }
    response = HttpResponse(body, headers=headers)
    response.set_cookie("visit", secrets.token_hex(8), max_age=60)
    return response


def shows_queries(request: HttpRequest) -> HttpResponse:
    """Show how many statements ran."""
    return HttpResponse(f"{_titles()} {len(connection.queries)}")


def shows_sql(request: HttpRequest) -> HttpResponse:
    """Show the statement."""
    rows = Ticket.objects.order_by("pk")
    names = [str(row.customer) for row in rows]
    return HttpResponse(f"{names} {rows.query}")


def swallows(request: HttpRequest) -> HttpResponse:
    """Go on after an error of the database."""
    with suppress(IntegrityError):
        Customer.objects.create(pk=Customer.objects.order_by("pk")[0].pk, name="again")
    return HttpResponse(_titles())


def header(request: HttpRequest) -> HttpResponse:
    """Send how many statements ran."""
    return HttpResponse(_titles(), headers={"X-Queries": str(len(connection.queries))})


def shows_cache(request: HttpRequest) -> HttpResponse:
    """Show whether a customer was loaded already; and each shop."""
    parts: list[str] = []
    for row in Ticket.objects.order_by("pk"):
        is_loaded = "customer" in row._state.fields_cache
        parts.append(f"{is_loaded} {row.customer}")
        parts.append(f"{row.shop}")
    return HttpResponse(" ".join(parts))


def forgets(request: HttpRequest) -> HttpResponse:
    """Forget what was loaded, and load it again."""
    parts = []
    for row in Ticket.objects.order_by("pk"):
        row._state.fields_cache.clear()
        parts.append(str(row.customer))
    return HttpResponse(" ".join(parts))


def counts(request: HttpRequest) -> HttpResponse:
    """Count the comments of each ticket."""
    return HttpResponse(" ".join(f"{row.comments.count()}" for row in Ticket.objects.order_by("pk")))


def filtered(request: HttpRequest) -> HttpResponse:
    """Show the public comments, and the way back from each."""
    parts: list[str] = []
    for row in Ticket.objects.order_by("pk"):
        parts.extend(f"{item} {item.ticket}" for item in row.comments.filter(is_public=True).order_by("pk"))
    return HttpResponse(" ".join(parts))


def defeated(request: HttpRequest) -> HttpResponse:
    """Show the comments in another order than they were prefetched."""
    rows = Ticket.objects.order_by("pk").prefetch_related("comments")
    return HttpResponse(" ".join(str(list(row.comments.order_by("-pk"))) for row in rows))


def own_comments(request: HttpRequest) -> HttpResponse:
    """Show what each customer said about their own ticket; and each shop."""
    parts: list[str] = []
    for row in Ticket.objects.order_by("pk"):
        parts.extend(item.text for item in row.comments.filter(author=row.customer_id))
        parts.append(row.shop.name)
    return HttpResponse(" ".join(parts))


def only_values(request: HttpRequest) -> HttpResponse:
    """Show values of comments."""
    rows = Ticket.objects.order_by("pk")
    return HttpResponse(" ".join(f"{list(row.comments.order_by('pk').values_list('text'))}" for row in rows))


def loop(request: HttpRequest) -> HttpResponse:
    """Look rows up one by one."""
    return HttpResponse(
        " ".join(Ticket.objects.get(pk=pk).title for pk in Ticket.objects.values_list("pk", flat=True))
    )


def unicode(request: HttpRequest) -> HttpResponse:
    """Show what was asked for."""
    return HttpResponse(f"{request.path} {request.GET.get('q')}")


def comments(request: HttpRequest) -> HttpResponse:
    """Show all comments with their authors and tickets."""
    rows = Comment.objects.order_by("pk")
    return HttpResponse(" ".join(f"{item.author} {item.ticket}" for item in rows))


def counts_twice(request: HttpRequest) -> HttpResponse:
    """Count the comments of each ticket, and those which are longer than its own title."""
    parts = []
    for row in Ticket.objects.order_by("pk"):
        parts.append(str(row.comments.count()))
        parts.append(str(row.comments.filter(text__gt=row.title).count()))
    return HttpResponse(" ".join(parts))


def on_one_line(request: HttpRequest) -> HttpResponse:
    """Ask one relation for two things, both on one line."""
    return HttpResponse([f"{row.comments.count()} {row.comments.last()}" for row in Ticket.objects.all()])


def template_line(request: HttpRequest) -> HttpResponse:
    """Do so in a template."""
    return render(request, "profiled/comments.html", {"tickets": Ticket.objects.order_by("pk")})


class _CommentField(forms.ModelChoiceField):  # type: ignore[type-arg]  # it takes none at run time
    def label_from_instance(self, obj: Comment) -> str:
        return f"{obj.text} for {obj.ticket.customer}"


class _ChoiceForm(forms.Form):
    comment = _CommentField(queryset=Comment.objects.order_by("pk"))


def choices(request: HttpRequest) -> HttpResponse:
    """Show a form whose choices name the customer of each."""
    return HttpResponse(str(_ChoiceForm()))


def cached(request: HttpRequest) -> HttpResponse:
    """Show each ticket with its customer, out of the cache where it is there."""
    return HttpResponse(cache.get_or_set("titles", _titles))
