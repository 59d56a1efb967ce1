"""Patterns: what ``QUELL_IGNORE`` and ``quell.ignore()`` say, and which findings they mean."""

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from quell.events import Location, Pattern
from quell.findings import Finding
from quell.paths import portable_path
from quell.silencing.codes import closest, code_of, hint_for

KEYS = ("code", "model", "path", "file", "function", "reason")
_CRITERIA = KEYS[:-1]


def means(pattern: Pattern, finding: Finding) -> bool:
    """Tell whether a pattern is about a finding, as far as code, model and path tell."""
    return (
        (not pattern.codes or finding.code in pattern.codes)
        and _fits(finding.model, pattern.model)
        and _fits(finding.path, pattern.path)
    )


def is_placed(pattern: Pattern) -> bool:
    """Tell whether a pattern also wants a file or a function."""
    return bool(pattern.file or pattern.function)


def holds(pattern: Pattern, spot: Location | None) -> bool:
    """Tell whether a place is in the file and the function that a pattern wants."""
    if spot is None:
        return not is_placed(pattern)
    return _fits_file(spot.file, pattern.file) and _fits(spot.function, pattern.function)


def _fits(value: str, glob: str) -> bool:
    return not glob or fnmatchcase(value, glob)


def _fits_file(file: str, glob: str) -> bool:
    return _fits(portable_path(file), glob) or _fits(file.replace("\\", "/"), glob)


def parse(items: Iterable[object]) -> tuple[Pattern, ...]:
    """Return the patterns of a setting; the system checks report those that are wrong, which are left out."""
    return tuple(
        _pattern(item, number) for number, item in enumerate(items) if not any(_problems(item, number))
    )


def problems(items: Iterable[object]) -> Iterator[tuple[str, str]]:
    """Yield the fact and what to do for everything that is wrong with the patterns of a setting."""
    for number, item in enumerate(items):
        yield from _problems(item, number)


def _pattern(item: object, number: int) -> Pattern:
    given = item if isinstance(item, Mapping) else {"code": item}
    texts = {key: str(given[key]) for key in KEYS[1:] if key in given}
    codes = tuple(code_of(str(name)) for name in _names(given.get("code", ())))
    return Pattern(codes=codes, source=f"QUELL_IGNORE[{number}]", **texts)


def _names(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


def _problems(item: object, number: int) -> Iterator[tuple[str, str]]:
    source = f"QUELL_IGNORE[{number}]"
    if isinstance(item, str):
        yield from _wrong_codes((item,), source)
        return
    if not isinstance(item, Mapping):
        yield (
            f"{source} is {item!r}, which is no pattern",
            'Write "Q101", or {"code": "Q101", "model": "..."}.',
        )
        return
    yield from _wrong_keys(item, source)
    if not any(key in item for key in _CRITERIA):
        yield f"{source} would silence everything", f"Name at least one of {', '.join(_CRITERIA)}."
    if "code" in item:
        yield from _wrong_codes(_names(item["code"]), source)


def _wrong_keys(item: Mapping[object, object], source: str) -> Iterator[tuple[str, str]]:
    for key, value in item.items():
        if key not in KEYS:
            yield f"{source} has the unknown key {key!r}", closest(str(key), KEYS, "The keys are")
        elif key != "code" and (not isinstance(value, str) or not value):
            yield f'{source}["{key}"] is {value!r}, which is no text', "Write a text, or leave the key out."


def _wrong_codes(names: Iterable[object], source: str) -> Iterator[tuple[str, str]]:
    for name in names:
        if not isinstance(name, str) or not code_of(name):
            yield f"{source} names the unknown code {name!r}", hint_for(str(name))
