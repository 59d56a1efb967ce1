"""A page that lists the services and runs them, and an endpoint for each."""

from __future__ import annotations

import inspect
import json
from typing import Any

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from operations.catalog import OPERATIONS, Arguments, Operation


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """List the services, each with a form that runs it."""
    return render(request, "operations/index.html", {"operations": OPERATIONS.values()})


@require_POST
async def run_sample(request: HttpRequest, slug: str) -> HttpResponse:
    """Run a service with arguments from the rows that are there, and show what it returned."""
    operation = _operation(slug)
    arguments = await sync_to_async(operation.sample)()
    result = await _run(operation, arguments)
    context = {"operation": operation, "arguments": arguments, "result": result}
    return await sync_to_async(render)(request, "operations/done.html", context)


@csrf_exempt  # an API without sessions
@require_POST
async def run_given(request: HttpRequest, slug: str) -> JsonResponse:
    """Run a service with the arguments in the body, or with made up ones where there is none."""
    operation = _operation(slug)
    try:
        is_given = request.content_type == "application/json" and request.body
        arguments = json.loads(request.body) if is_given else await sync_to_async(operation.sample)()
        inspect.signature(operation.run).bind(**arguments)
    except (ValueError, TypeError) as error:
        return JsonResponse({"error": str(error)}, status=400)
    try:
        return JsonResponse({"result": await _run(operation, arguments)})
    except LookupError as error:
        return JsonResponse({"error": str(error)}, status=400)


async def _run(operation: Operation, arguments: Arguments) -> Any:
    if operation.is_async:
        return await operation.run(**arguments)
    return await sync_to_async(operation.run)(**arguments)


def _operation(slug: str) -> Operation:
    if slug not in OPERATIONS:
        raise Http404(slug)
    return OPERATIONS[slug]
