"""What a scenario is, how it is labelled, and how its marked lines are found."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from quell import FetchPlan
from quell.findings import Finding, Location

LIBRARY = Path(__file__).parent.parent / "library"

Function = TypeVar("Function", bound=Callable[..., object])


class Fix:
    """Stands at the queryset to change: it does nothing, or applies the plan of a finding there."""

    def __init__(self, plan: FetchPlan | None = None) -> None:
        self.plan = plan

    @property
    def is_applied(self) -> bool:
        """Tell whether the code may use what the plan adds, such as a count."""
        return self.plan is not None

    def __call__(self, queryset: Any) -> Any:
        """Return the queryset, with the plan applied if there is one."""
        return queryset if self.plan is None else self.plan.apply(queryset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """
    One finding that has to be there.

    ``origin`` and ``trigger`` name the comment at the end of a line, ``None`` that there is none. A trigger
    such as ``list.html:trigger`` or ``models.py:trigger`` is in that file of the library.
    """

    kind: str
    model: str = ""
    path: str = ""
    origin: str | None = "origin"
    trigger: str | None = "trigger"
    place: str | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A function, and the findings it has to give."""

    function: Callable[..., object]
    expected: tuple[Expected, ...]
    databases: bool = False
    transactional: bool = False

    @property
    def name(self) -> str:
        """Return a readable id."""
        return f"{self.function.__module__.rpartition('.')[2]}-{self.function.__name__}"

    @property
    def takes_fix(self) -> bool:
        """Tell whether the queryset to change can be exchanged."""
        return "fix" in inspect.signature(self.function).parameters

    def run(self, fix: Fix | None = None) -> object:
        """Run the function."""
        return self.function(fix or Fix()) if self.takes_fix else self.function()


SCENARIOS: list[Scenario] = []


def finds(
    model: str, path: str, *, origin: str | None = "origin", trigger: str | None = "trigger", **more: Any
) -> Expected:
    """Label a scenario with an N+1; a model without an app is one of the library's."""
    label = model if not model or "." in model else f"library.{model}"
    return Expected(kind="n_plus_one", model=label, path=path, origin=origin, trigger=trigger, **more)


def finds_defeated(
    model: str, path: str, *, origin: str | None = "origin", trigger: str | None = "trigger", **more: Any
) -> Expected:
    """Label a scenario with calls that pass by what was prefetched."""
    label = f"library.{model}"
    return Expected(kind="defeated_prefetch", model=label, path=path, origin=origin, trigger=trigger, **more)


def finds_loop(
    model: str = "", *, origin: str | None = "origin", trigger: str | None = "trigger"
) -> Expected:
    """Label a scenario with a query in a loop."""
    label = model if not model or "." in model else f"library.{model}"
    return Expected(kind="query_in_loop", model=label, origin=origin, trigger=trigger)


def finds_repeat(
    model: str = "",
    path: str = "",
    *,
    origin: str | None = "origin",
    trigger: str | None = "trigger",
    **more: Any,
) -> Expected:
    """Label a scenario with a query that was asked before."""
    label = model if not model or "." in model else f"library.{model}"
    return Expected(kind="duplicate_query", model=label, path=path, origin=origin, trigger=trigger, **more)


def finds_write(
    model: str = "", *, origin: str | None = "trigger", trigger: str | None = "trigger", **more: Any
) -> Expected:
    """Label a scenario with a write in a loop."""
    label = model if not model or "." in model else f"library.{model}"
    return Expected(kind="write_in_loop", model=label, origin=origin, trigger=trigger, **more)


def finds_statistics(model: str, *, trigger: str = "trigger") -> Expected:
    """Label a scenario with numbers that one statement could have."""
    return Expected(kind="split_statistics", model=f"library.{model}", origin=trigger, trigger=trigger)


def scenario(*expected: Expected, **options: Any) -> Callable[[Function], Function]:
    """Put a function into the corpus, with the findings it has to give; none for correct code."""

    def register(function: Function) -> Function:
        SCENARIOS.append(Scenario(function=function, expected=expected, **options))
        return function

    return register


def marked_line(function: Callable[..., object], marker: str) -> str:
    """
    Return ``file:line`` of a marker.

    Raises:
        LookupError: If not exactly one line ends with the marker.
    """
    name, colon, rest = marker.rpartition(":")
    function = inspect.unwrap(function)
    path = _path_of(name) if colon else Path(inspect.getsourcefile(function) or "")
    wanted = rest if colon else marker
    lines = list(_lines(path, None if colon else function, wanted))
    if len(lines) != 1:
        msg = f'{path.name}: {len(lines)} lines end with "# {wanted}", not one, for {function.__qualname__}'
        raise LookupError(msg)
    return f"{path}:{lines[0]}"


def _path_of(name: str) -> Path:
    return LIBRARY / name if name.endswith(".py") else LIBRARY / "templates" / "library" / name


def _lines(path: Path, function: Callable[..., object] | None, marker: str) -> Iterator[int]:
    """Yield the marked lines: those of the function, or, where it has none, of the whole file."""
    found = [number for number, text in enumerate(_text_of(path), start=1) if _ends_with(text, marker)]
    if function is None:
        yield from found
        return
    source, start = inspect.getsourcelines(function)
    own = [number for number in found if start <= number < start + len(source)]
    yield from own or found


@cache
def _text_of(path: Path) -> tuple[str, ...]:
    return tuple(path.read_text().splitlines())


def _ends_with(text: str, marker: str) -> bool:
    names = text.replace("{#", "# ").replace("#}", "").rpartition("# ")[2].split(",")
    return "#" in text and marker in [name.strip() for name in names]


def comparable(finding: Finding) -> tuple[str, str, str, str, str]:
    """Return what identifies a finding to a person."""
    return finding.kind, finding.model, finding.path, _spot(finding.origin), _spot(finding.trigger)


def expectation(item: Expected, function: Callable[..., object]) -> tuple[str, str, str, str, str]:
    """Return the same for a label."""
    places = [marked_line(function, marker) if marker else "-" for marker in (item.origin, item.trigger)]
    return item.kind, item.model, item.path, places[0], places[1]


def _spot(spot: Location | None) -> str:
    return str(spot) if spot is not None else "-"
