"""Which pages people really visit: recorded traffic, as one URL per route."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from quell.exceptions import UsageError
from quell.management.profiling.urls import NO_ROUTE, label_of, path_of

# As web servers and runserver log a request: "GET /tickets/?page=2 HTTP/1.1" 200
_LOGGED = re.compile(r'"(?P<method>[A-Z]+) (?P<url>\S+) HTTP/[\d.]+"\s+(?P<status>\d{3})')
_FIRST_ERROR = 400


@dataclass(frozen=True, slots=True)
class Traffic:
    """URLs to visit, the most frequent one of each route, busiest route first; and a line about the rest."""

    urls: tuple[str, ...]
    remark: str


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str
    status: int


def read_har(file: Path) -> Traffic:
    """
    Return the pages of a HAR file, as a browser saves it; only those of the host of its first request.

    Raises:
        UsageError: If it cannot be read, or is no HAR file.
    """
    text = _text(file)
    try:
        entries: list[Any] = json.loads(text)["log"]["entries"]
        requests = [
            _Request(
                str(each["request"]["method"]), str(each["request"]["url"]), int(each["response"]["status"])
            )
            for each in entries
        ]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        msg = f"{file} is no HAR file: {error!r}. Save one from the network panel of a browser."
        raise UsageError(msg) from error
    hosts = [_host(request.url) for request in requests]
    # What is loaded from a data: URL has none.
    first = next(filter(None, hosts), "")
    own = [request for request, host in zip(requests, hosts, strict=True) if host == first]
    return _traffic(file, own, other_count=len(requests) - len(own))


def read_access_log(file: Path) -> Traffic:
    """
    Return the pages of an access log in the common or the combined format, or as ``runserver`` prints it.

    Raises:
        UsageError: If it cannot be read, or no line of it is a request.
    """
    requests = list(_logged(_text(file).splitlines()))
    if not requests:
        msg = f'{file} has no line with a request such as "GET /tickets/ HTTP/1.1" 200.'
        raise UsageError(msg)
    return _traffic(file, requests)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror}."
        raise UsageError(msg) from error


def _logged(lines: Iterable[str]) -> Iterator[_Request]:
    for line in lines:
        match = _LOGGED.search(line)
        if match:
            yield _Request(match["method"], match["url"], int(match["status"]))


def _traffic(file: Path, requests: list[_Request], *, other_count: int = 0) -> Traffic:
    read = [each for each in requests if each.method == "GET"]
    good = [each for each in read if each.status < _FIRST_ERROR]
    counts = Counter(path for each in good if (path := _path(each.url)))
    routes: dict[str, Counter[str]] = {}
    for path, count in counts.items():
        routes.setdefault(label_of(path), Counter())[path] += count
    unrouted = routes.pop(NO_ROUTE, Counter()).total()
    busiest = sorted(routes.values(), key=lambda paths: -paths.total())
    left = {
        "to other hosts": other_count,
        "with other methods than GET": len(requests) - len(read),
        "that failed": len(read) - len(good),
        "of no route": unrouted,
    }
    told = ", ".join(f"{count} {why}" for why, count in left.items() if count)
    remark = f"{file.name}: {len(good) - unrouted} requests of {len(busiest)} routes"
    urls = tuple(paths.most_common(1)[0][0] for paths in busiest)
    return Traffic(urls, f"{remark}; left out: {told}" if told else remark)


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return None


def _path(url: str) -> str:
    try:
        return path_of(url)
    except UsageError:
        return ""
