"""Which pages to visit: what resolves without arguments, and what the project names."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from django.urls import NoReverseMatch, Resolver404, URLPattern, URLResolver, get_resolver, resolve
from django.utils.module_loading import import_string
from django.utils.regex_helper import normalize

from quell.conf import get_settings
from quell.exceptions import UsageError

# Visiting these would end the visitor's session, or show quell the tools that watch it.
ALWAYS_EXCLUDED = (r"(^|/)log_?-?out(/|$)", r"^/__debug__/", r"^/silk/", r"/jsi18n/$")


def page_urls() -> tuple[str, ...]:
    """Return the paths of all pages to visit by default, sorted, samples last."""
    found = sorted({path for path in _without_arguments(get_resolver(), "") if _resolves(path)})
    samples = [path for path in sample_urls() if path not in found]
    excluded = [re.compile(pattern) for pattern in (*ALWAYS_EXCLUDED, *get_settings().profile_exclude)]
    return tuple(path for path in (*found, *samples) if not any(item.search(path) for item in excluded))


def sample_urls() -> Sequence[str]:
    """
    Return what ``QUELL_SAMPLE_URLS`` names: a list, a callable, or the dotted path of either.

    Raises:
        UsageError: If it is none of these.
    """
    samples: Any = get_settings().sample_urls
    if isinstance(samples, str):
        try:
            samples = import_string(samples)
        except ImportError as error:
            msg = f"QUELL_SAMPLE_URLS = {samples!r} cannot be imported: {error}"
            raise UsageError(msg) from error
    found = samples() if callable(samples) else samples
    if isinstance(found, str) or not all(isinstance(path, str) for path in found):
        msg = "QUELL_SAMPLE_URLS must be a list of paths such as '/tickets/1/', or a callable that returns one"
        raise UsageError(msg)
    return list(found)


def route_of(path: str) -> str:
    """Return the route that serves a path, so that a finding never carries a full URL."""
    try:
        match = resolve(path.partition("?")[0])
    except Resolver404:
        return path.partition("?")[0]
    return f"/{match.route}"


def _resolves(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def _without_arguments(resolver: URLResolver, prefix: str) -> Iterator[str]:
    for item in resolver.url_patterns:
        route = _fixed_route(item.pattern)
        if route is None:
            continue
        if isinstance(item, URLResolver):
            yield from _without_arguments(item, prefix + route)
        elif isinstance(item, URLPattern):
            yield "/" + prefix + route


def _fixed_route(pattern: Any) -> str | None:
    """Return the text of a pattern that takes no arguments."""
    if pattern.converters or pattern.regex.groups:
        return None
    try:
        route = getattr(pattern, "_route", None)
        if isinstance(route, str):
            return str(route)
        prefix = getattr(pattern, "language_prefix", None)
        if prefix is not None:
            return str(prefix)
        text, parameters = normalize(pattern.regex.pattern)[0]
    except (IndexError, NotImplementedError, NoReverseMatch):
        return None
    return None if parameters else str(text)
