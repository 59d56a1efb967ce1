"""A template node that asked a related manager, changed so that it reads what its row holds."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from quell.events import Location
from quell.management.fixing.source import CannotFixError, Edit, Source
from quell.management.fixing.triggers import Reading


def template_edits(source: Source, spot: Location, reading: Reading, *, is_exclusive: bool) -> list[Edit]:
    """
    Return the change of a template line.

    Args:
        source: The template.
        spot: The line of the node.
        reading: What it is to read.
        is_exclusive: Whether only the rows of the changed queryset get there. Else the node keeps a way back: a row
            without the attribute is asked as before.

    Raises:
        CannotFixError: If the line asks in another way.
    """
    if reading.method not in {"count", "exists"} or reading.calls.removeprefix(".all()"):
        msg = "a template cannot say what the list of the chosen rows stands for"
        raise CannotFixError(msg)
    start = source.offset(spot.line, 0)
    line = source.text[start : source.line_end(start)]
    asked = re.findall(rf"[\w.]+\.{reading.accessor}\.(?:all\.)?{reading.method}\b", line)
    if len(asked) != 1:
        msg = f"the line asks {reading.accessor} in another way than what was proven, or more than once"
        raise CannotFixError(msg)
    owner = asked[0].partition(f".{reading.accessor}.")[0]
    value = f"{owner}.{reading.name}"
    if is_exclusive:
        at = start + line.index(asked[0])
        return [Edit(at, at + len(asked[0]), value)]
    return [_with_way_back(line, start, asked[0], value)]


def _with_way_back(line: str, start: int, asked: str, value: str) -> Edit:
    found = re.search(r"\{\{\s*" + re.escape(asked) + r"(?:\|[^{}]*)?\s*\}\}", line)
    if found is None:
        msg = "other pages may use the template, and the node is no plain {{ variable }} that could keep a way back"
        raise CannotFixError(msg)
    if line[: found.start()].endswith("{% else %}") and f"{{% if {value} is None %}}" in line:
        msg = "the node reads the attribute already"
        raise CannotFixError(msg)
    node = found[0]
    code = f"{{% if {value} is None %}}{node}{{% else %}}{node.replace(asked, value)}{{% endif %}}"
    return Edit(start + found.start(), start + found.end(), code)


def template_names(file: str) -> Iterator[str]:
    """Yield the names by which a template may be asked for: its path below each folder that it is in."""
    parts = Path(file).parts
    for position in range(1, len(parts)):
        yield "/".join(parts[position:])


def mentions(files: Iterable[tuple[Path, str]], template: str) -> list[tuple[Path, int]]:
    """
    Return each place that names a template, by file and offset, in the code and the templates of a project.

    The name of the file alone counts as well: code may put the rest together.
    """
    name = Path(template).name
    pattern = re.compile(rf"(?<![\w.-]){re.escape(name)}(?!\w)")
    return [
        (path, found.start())
        for path, text in files
        if str(path) != template
        for found in pattern.finditer(text)
    ]
