"""List the GET pages of any application: its URL patterns, and the admin of its models."""

from collections.abc import Callable, Iterator, Mapping

from django.contrib import admin
from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.exceptions import NoReverseMatch
from protocol import Page

# The value of an argument of a pattern, by the names of both and the view; `None` leaves the page out.
Argument = Callable[[str, str, object], object]


def url_pages(argument: Argument, *, skip: frozenset[str] = frozenset()) -> Iterator[tuple[str, Page]]:
    """Yield a page per named URL pattern outside of the admin, for the staff user."""
    for name, pattern in named_patterns():
        if name in skip or name.startswith("admin:"):
            continue
        arguments = {key: argument(key, name, pattern.callback) for key in pattern.pattern.regex.groupindex}
        if any(value is None for value in arguments.values()):
            continue
        url = _reverse(name, arguments)
        if url is not None:
            yield name, Page(url)


def named_patterns(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield each URL pattern with its name, namespaces in front."""
    for item in (resolver or get_resolver()).url_patterns:
        if isinstance(item, URLResolver):
            yield from named_patterns(item, f"{prefix}{item.namespace}:" if item.namespace else prefix)
        elif item.name:
            yield f"{prefix}{item.name}", item


def admin_pages(
    hubs: Mapping[type[Model], Model], *, skip: frozenset[str] = frozenset()
) -> Iterator[tuple[str, Page]]:
    """Yield list, add, change and delete pages of every registered model, the latter two for its hub row."""
    yield "admin index", Page(_found("admin:index"))
    for model in sorted(admin.site._registry, key=lambda model: model._meta.label):
        base = f"{model._meta.app_label}_{model._meta.model_name}"
        for name, page in _model_pages(model, base, hubs):
            if f"{base} {name}" not in skip:
                yield f"admin {base} {name}", page


def _model_pages(
    model: type[Model], base: str, hubs: Mapping[type[Model], Model]
) -> Iterator[tuple[str, Page]]:
    yield "list", Page(_found(f"admin:{base}_changelist"))
    yield "add", Page(_found(f"admin:{base}_add"))
    row = hubs.get(model) or model._default_manager.order_by("pk").first()
    if row is not None:
        yield "change", Page(_found(f"admin:{base}_change", object_id=row.pk))
        yield "delete", Page(_found(f"admin:{base}_delete", object_id=row.pk))


def _found(name: str, **arguments: object) -> str:
    url = _reverse(name, arguments)
    if url is None:
        raise LookupError(name)
    return url


def _reverse(name: str, arguments: Mapping[str, object]) -> str | None:
    from django.urls import reverse

    try:
        return reverse(name, kwargs=dict(arguments))
    except NoReverseMatch:
        return None
