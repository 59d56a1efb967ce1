"""Which pages to visit: what resolves without arguments, and what the project names."""

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit

from django.conf import settings as django_settings
from django.urls import (
    NoReverseMatch,
    Resolver404,
    ResolverMatch,
    URLPattern,
    URLResolver,
    get_resolver,
    get_script_prefix,
    resolve,
)
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.regex_helper import normalize

from quell.conf import get_settings
from quell.exceptions import UsageError
from quell.management.profiling.catching import Caught, one_line
from quell.wording.outcomes import EXCLUDED, EXCLUDED_CATALOG, EXCLUDED_LOGOUT, EXCLUDED_TOOL, NO_URL

# Visiting these would end the visitor's session, or show quell the tools that watch it.
_LOGOUT = r"(^|/)(log|sign)[_-]?(out|off)(/|\?|$)"
ALWAYS_EXCLUDED = (
    (_LOGOUT, EXCLUDED_LOGOUT),
    (r"^/__debug__/", EXCLUDED_TOOL),
    (r"^/silk/", EXCLUDED_TOOL),
    (r"/jsi18n/(\?|$)", EXCLUDED_CATALOG),
)
NO_ROUTE = "GET (no route)"
_LOGOUT_NAMES = frozenset({"logout", "logout_view", "account_logout", "LogoutView"})

Warn: TypeAlias = Callable[[str], object]
# Django's three kinds of patterns have only attributes in common.
Pattern: TypeAlias = Any


def page_urls(warn: Warn) -> tuple[str, ...]:
    """
    Return the paths of all pages to visit by default, sorted, samples last.

    Args:
        warn: Called with one line for each thing that is wrong with the settings.

    Raises:
        UsageError: If the routes of the project cannot be read.
    """
    routes: set[str] = set()
    with Caught() as caught:
        routes.update(path for path in _without_arguments(get_resolver(), "") if _match(path) is not None)
    if caught.error is not None:
        msg = f"ROOT_URLCONF cannot be read: {one_line(caught.error)}"
        raise UsageError(msg) from caught.error
    samples = [path for path in sample_urls(warn) if path not in routes]
    is_excluded = exclusion(warn)
    return tuple(dict.fromkeys(path for path in (*sorted(routes), *samples) if not is_excluded(path)))


def sample_urls(warn: Warn) -> list[str]:
    """Return the paths that ``QUELL_SAMPLE_URLS`` names: a list, a callable, or the dotted path of either."""
    samples: Any = get_settings().sample_urls
    name = repr(samples) if isinstance(samples, str) else "what is there"
    with Caught() as caught:
        samples = import_string(samples) if isinstance(samples, str) else samples
        samples = samples() if callable(samples) else samples
        if not isinstance(samples, str):
            samples = list(samples)
    if caught.error is not None:
        warn(f"QUELL_SAMPLE_URLS is left out, as {name} {one_line(caught.error)}")
        return []
    if isinstance(samples, str) or not all(isinstance(path, (str, Promise)) for path in samples):
        warn("QUELL_SAMPLE_URLS is left out: it must be a list of paths such as '/tickets/1/', or return one")
        return []
    return [path for path in (_path_or_warning(str(url), warn) for url in samples) if path]


def _path_or_warning(url: str, warn: Warn) -> str:
    try:
        return path_of(url)
    except UsageError as error:
        warn(f"QUELL_SAMPLE_URLS: {error}")
        return ""


def exclusion(warn: Warn) -> Callable[[str], str]:
    """Return what tells why a path must not be visited: an empty text where it may."""
    given: Any = getattr(django_settings, "QUELL_PROFILE_EXCLUDE", ())
    # One text is no list, but leaving it out would visit what was not to be visited.
    patterns = [given] if isinstance(given, str) else get_settings().profile_exclude
    compiled = [(re.compile(pattern), reason) for pattern, reason in ALWAYS_EXCLUDED]
    for pattern in patterns:
        try:
            compiled.append((re.compile(pattern), EXCLUDED))
        except re.error as error:
            warn(f"QUELL_PROFILE_EXCLUDE: {pattern!r} is no regular expression and read as text: {error}")
            compiled.append((re.compile(re.escape(pattern)), EXCLUDED))

    def reason_of(path: str) -> str:
        found = next((reason for item, reason in compiled if item.search(path)), None)
        if found is None and _is_logout(_match(path)):
            found = EXCLUDED_LOGOUT
        return found() if found is not None else ""

    return reason_of


def path_of(url: str) -> str:
    """
    Return the path and the query of a URL, with or without a host.

    Raises:
        UsageError: If it is no URL.
    """
    try:
        parts = urlsplit(url.strip())
    except ValueError as error:
        msg = NO_URL(url=url, error=str(error))
        raise UsageError(msg) from error
    # Without slashes behind it, what looks like a scheme is the beginning of a path.
    path = parts.path if parts.netloc or not parts.scheme else url.strip().partition("?")[0]
    path = f"/{path.lstrip('/')}"
    prefix = get_script_prefix()
    if len(prefix) > 1 and path.startswith(prefix):
        path = path[len(prefix) - 1 :]
    return f"{path}?{parts.query}" if parts.query else path


def label_of(path: str) -> str:
    """Return method and route of a path, so that a finding never carries a full URL."""
    match = _match(path)
    if match is None:
        return NO_ROUTE
    return f"GET /{match.route.replace('^', '').replace('$', '').lstrip('/')}"


def _match(path: str) -> ResolverMatch | None:
    try:
        return resolve(unquote(path.partition("?")[0]))
    except Resolver404:
        return None


def _is_logout(match: ResolverMatch | None) -> bool:
    if match is None:
        return False
    view = getattr(match.func, "view_class", match.func)
    classes = getattr(view, "__mro__", ())
    names = {match.url_name, getattr(view, "__name__", ""), *(item.__name__ for item in classes)}
    return bool(names & _LOGOUT_NAMES)


def _without_arguments(resolver: URLResolver, prefix: str) -> Iterator[str]:
    for item in resolver.url_patterns:
        route = _fixed_route(item.pattern)
        if route is None:
            continue
        if isinstance(item, URLResolver):
            yield from _without_arguments(item, prefix + route)
        elif isinstance(item, URLPattern):
            yield "/" + (prefix + route).lstrip("/")


def _fixed_route(pattern: Pattern) -> str | None:
    """Return the text of a pattern that takes no arguments."""
    if pattern.converters:
        return None
    try:
        route = getattr(pattern, "_route", None)
        if isinstance(route, str):
            return str(route)
        prefix = getattr(pattern, "language_prefix", None)
        if prefix is not None:
            return str(prefix)
        # Without the groups that may be left out.
        text, parameters = normalize(pattern.regex.pattern)[0]
    except (IndexError, NotImplementedError, NoReverseMatch):
        return None
    return None if parameters else str(text)
