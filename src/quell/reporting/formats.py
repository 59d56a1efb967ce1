"""The formats of a report, by the names that people write."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from quell.reporting import document, github, junit, markdown, sarif, table, webpage
from quell.reporting.report import Report

Sink: TypeAlias = Callable[[Report], str]

FORMATS: Mapping[str, Sink] = {
    "text": table.render,
    "json": document.render,
    "html": webpage.render,
    "sarif": sarif.render,
    "github": github.render,
    "junit": junit.render,
    "markdown": markdown.render,
}
