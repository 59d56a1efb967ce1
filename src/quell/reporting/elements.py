"""HTML by functions: what is not HTML already is escaped, so that no name of a project can be more than text."""

from html import escape
from typing import TypeAlias

Value: TypeAlias = str | int | float | bool | None
_VOID = frozenset({"meta", "wbr"})


class Html(str):
    """A text that is HTML already."""

    __slots__ = ()


def element(name: str, /, *children: str | None, **attributes: Value) -> Html:
    """
    Return an element; a child that is no ``Html`` is escaped, and ``None`` is left out.

    ``class_`` is the attribute ``class``, ``aria_label`` is ``aria-label``; ``True`` is an attribute without a value,
    ``False`` and ``None`` are none.
    """
    start = f"<{name}{''.join(_attribute(*item) for item in attributes.items())}>"
    return Html(start if name in _VOID else f"{start}{join(*children)}</{name}>")


def join(*children: str | None) -> Html:
    """Return children one after the other."""
    return Html("".join(_escaped(child) for child in children if child is not None))


def _escaped(child: str) -> str:
    return child if isinstance(child, Html) else escape(child)


def _attribute(name: str, value: Value) -> str:
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'


def place(text: str, class_: str | None = None) -> Html:
    """Return a file and its line as code, which is broken behind a folder where there is no room for it."""
    parts = text.split("/")
    broken = [part for name in parts[:-1] for part in (f"{name}/", element("wbr"))]
    return element("code", *broken, parts[-1], class_=class_)


def table(heads: tuple[str, ...], rows: list[Html], *, caption: str, numbers: frozenset[int]) -> Html:
    """Return a table whose columns can be sorted; those of ``numbers`` hold numbers."""
    cells = [
        element(
            "th",
            element("button", head, type="button", class_="sort"),
            scope="col",
            aria_sort="none",
            class_="number" if position in numbers else None,
        )
        for position, head in enumerate(heads)
    ]
    head = element("thead", element("tr", *cells))
    inner = join(element("caption", caption, class_="hidden"), head, element("tbody", *rows))
    return element(
        "div",
        element("table", inner, class_="sortable"),
        class_="scroll",
        role="region",
        aria_label=caption,
        tabindex=0,
    )


def number(text: str, value: float) -> Html:
    """Return a cell that is sorted by a number."""
    return element("td", text, class_="number", data_value=value)
