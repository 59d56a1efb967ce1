"""The calls that a fix adds to a queryset, taken apart so that they can be merged with those that are there."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from quell.loading.values import drop_covered
from quell.management.fixing.source import CannotFixError


@dataclass(frozen=True, slots=True)
class Lookup:
    """One argument of ``prefetch_related()``: a path, or a ``Prefetch`` with its code and the attribute it fills."""

    path: str
    code: str = ""
    to_attr: str = ""

    @property
    def prefetch_to(self) -> str:
        """Return what Django tells lookups apart by."""
        way, separator, _ = self.path.rpartition("__")
        return f"{way}{separator}{self.to_attr}" if self.to_attr else self.path


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a queryset has to load: joins, prefetches, columns that are computed, and columns to leave out."""

    joins: tuple[str, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    deferred: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any((self.joins, self.lookups, self.columns, self.deferred))

    def __or__(self, other: "Wanted") -> "Wanted":
        columns = dict(self.columns)
        for name, code in other.columns:
            if columns.setdefault(name, code) != code:
                msg = f"two fixes give the name {name} to different things"
                raise CannotFixError(msg)
        lookups = {item.prefetch_to: item for item in (*self.lookups, *other.lookups) if item.code}
        for item in (*self.lookups, *other.lookups):
            if item.code and lookups[item.prefetch_to] != item:
                msg = f"two fixes prefetch {item.prefetch_to} in different ways"
                raise CannotFixError(msg)
        plain = drop_covered(item.path for item in (*self.lookups, *other.lookups) if not item.code)
        kept = [Lookup(path) for path in plain if path not in lookups]
        return Wanted(
            drop_covered((*self.joins, *other.joins)),
            (*(lookups[name] for name in sorted(lookups)), *kept),
            tuple(sorted(columns.items())),
            tuple(sorted({*self.deferred, *other.deferred})),
        )


def read_wanted(code: str) -> Wanted:
    """
    Read the calls of a suggestion, such as ``.select_related("author").annotate(n=Count("comments"))``.

    Raises:
        CannotFixError: If the code is none that is appended to a queryset.
    """
    try:
        node = ast.parse(f"_{code}", mode="eval").body
    except SyntaxError:
        node = ast.Constant(None)
    found: list[Wanted] = []
    while not isinstance(node, ast.Name):
        match node:
            case ast.Call(func=ast.Attribute(value=inner, attr=name)):
                found.append(_read_call(name, node))
                node = inner
            case _:
                raise CannotFixError(_by_hand(code))
    wanted = Wanted()
    for part in reversed(found):
        wanted |= part
    return wanted


def _by_hand(code: str) -> str:
    return f"only other code helps, which a person has to write: {code}"


def _read_call(name: str, call: ast.Call) -> Wanted:
    if name == "annotate" and not call.args and all(item.arg for item in call.keywords):
        return Wanted(columns=tuple((str(item.arg), _code(item.value)) for item in call.keywords))
    if name == "select_related" and not call.keywords:
        return Wanted(joins=tuple(_texts(call.args)))
    if name == "defer" and not call.keywords and call.args:
        return Wanted(deferred=tuple(_texts(call.args)))
    if name == "prefetch_related" and not call.keywords:
        return Wanted(lookups=tuple(map(_lookup, call.args)))
    raise CannotFixError(_by_hand(f".{name}(...)"))


def _lookup(node: ast.expr) -> Lookup:
    match node:
        case ast.Constant(value=str(path)):
            return Lookup(path)
        case ast.Call(func=ast.Name(id="Prefetch"), args=[ast.Constant(value=str(path)), *_]):
            names = {item.arg: item.value for item in node.keywords}
            attribute = names.get("to_attr")
            to_attr = str(attribute.value) if isinstance(attribute, ast.Constant) else ""
            return Lookup(path, _code(node), to_attr)
    raise CannotFixError(_by_hand(_code(node)))


def _texts(nodes: Iterable[ast.expr]) -> Iterable[str]:
    for node in nodes:
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            raise CannotFixError(_by_hand(_code(node)))
        yield node.value


def _code(node: ast.expr) -> str:
    """Return code with the quotes that formatters use, where that changes no text."""
    code = ast.unparse(node)
    return code if '"' in code or "\\" in code else code.replace("'", '"')
