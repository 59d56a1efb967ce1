"""A few numbers over time as a small drawing that says in words what it shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import is_naive

_WIDTH, _HEIGHT, _GAP = 98, 20, 1
Bars: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """How many steps of which length a drawing shows."""

    count: int
    step: timedelta


DAYS = Span(14, timedelta(days=1))
HOURS = Span(48, timedelta(hours=1))


def since(moment: datetime, span: Span) -> datetime:
    """Return the beginning of the oldest step."""
    first = _first(moment, span)
    return first.astimezone().replace(tzinfo=None) if is_naive(moment) else first


def bars_of(numbers: Mapping[datetime, int], moment: datetime, span: Span) -> Bars:
    """Return one number per step, oldest first; nothing was counted where there is none."""
    first = _first(moment, span)
    # Times without a zone are local ones, and a day of those may have 23 hours, or 25.
    known = {start.astimezone(UTC): number for start, number in numbers.items()}
    return tuple(known.get(first + step * span.step, 0) for step in range(span.count))


def drawing(bars: Bars, title: str) -> SafeString:
    """Return bars as SVG, with the numbers as its text."""
    highest = max(bars, default=0) or 1
    width = _WIDTH / len(bars)
    shapes = format_html_join(
        "",
        '<rect x="{}" y="{}" width="{}" height="{}"/>',
        (
            (f"{index * width:.1f}", f"{_HEIGHT - height:.1f}", f"{width - _GAP:.1f}", f"{height:.1f}")
            for index, bar in enumerate(bars)
            if (height := max(2.0, bar / highest * _HEIGHT) if bar else 0.5)
        ),
    )
    text = f"{title}: {', '.join(map(str, bars))}"
    return format_html(
        '<svg class="quell-trend" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}">'
        "<title>{}</title>{}</svg>",
        text,
        _WIDTH,
        _HEIGHT,
        _WIDTH,
        _HEIGHT,
        text,
        shapes,
    )


def _first(moment: datetime, span: Span) -> datetime:
    """Return the beginning of the oldest step in UTC, as all steps are."""
    seconds = int(moment.timestamp())
    begun = datetime.fromtimestamp(seconds - seconds % int(span.step.total_seconds()), UTC)
    return begun - (span.count - 1) * span.step
