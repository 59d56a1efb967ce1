"""The changes of one chain of calls that make its queryset load what a fix wants."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import libcst as cst
from django.db.models import Model

from quell.exceptions import UsageError
from quell.introspection.relations import walk
from quell.loading.values import is_covered, is_prefix
from quell.management.fixing.arguments import Argument, append_arguments, read_arguments
from quell.management.fixing.rows import Rows, space_of
from quell.management.fixing.source import CannotFixError, Edit
from quell.management.fixing.tree import Chain, Link, Tree
from quell.management.fixing.wanted import Lookup, Wanted


def edits_of(tree: Tree, rows: Rows, wanted: Wanted, model: type[Model]) -> list[Edit]:
    """
    Return the changes of a chain; none where it loads everything already.

    Args:
        tree: The module.
        rows: The chain.
        wanted: What to load.
        model: The model of its rows.

    Raises:
        CannotFixError: If Django would refuse what comes out, or the source does not tell.
    """
    _check_iterator(rows, wanted)
    changes = _Changes(tree, rows)
    changes.join(wanted.joins)
    changes.prefetch(wanted.lookups)
    changes.annotate(wanted.columns)
    changes.defer(wanted.deferred)
    changes.keep_columns(wanted, model)
    return changes.edits()


def _check_iterator(rows: Rows, wanted: Wanted) -> None:
    for link in rows.chain.links[rows.end :]:
        if link.name == "iterator" and link.call is not None and not link.call.args and wanted.lookups:
            msg = "iterator() needs a chunk_size to prefetch: write it, and run this again"
            raise CannotFixError(msg)


class _Changes:
    """Collects what to change in the calls that are there, and what to append."""

    def __init__(self, tree: Tree, rows: Rows) -> None:
        self._tree = tree
        self._rows = rows
        self._found: list[Edit] = []
        self._new: list[str] = []

    def edits(self) -> list[Edit]:
        """Return all changes; new calls stand on lines of their own where the others do, or where they are long."""
        if not self._new:
            return self._found
        tree, end = self._tree, self._tree.end(self._rows.last)
        calls = [tree.quoted(call) for call in self._new]
        space = space_of(tree, self._rows)
        if space:
            indent = space.replace("\r", "\n").rpartition("\n")[2]
            code = "".join(f"{space}{tree.layout.exploded(call, indent)}" for call in calls)
            return [*self._found, Edit(end, end, code)]
        if self._fits("".join(calls)) or not _is_whole_value(tree, self._rows.chain):
            return [*self._found, Edit(end, end, "".join(calls))]
        return [*self._found, *self._over_lines(calls)]

    def _fits(self, code: str) -> bool:
        source, end = self._tree.source, self._tree.end(self._rows.last)
        start = source.line_start(end)
        grown = sum(len(edit.text) - (edit.end - edit.start) for edit in self._found)
        return source.line_end(end) - start + grown + len(code) <= self._tree.layout.limit

    def _over_lines(self, calls: Sequence[str]) -> Iterator[Edit]:
        """Yield the changes that put parentheses around a chain, and new calls on lines of their own."""
        tree, node, layout = self._tree, self._rows.chain.node, self._tree.layout
        start, end, last = tree.start(node), tree.end(node), tree.end(self._rows.last)
        indent = tree.source.indent_at(start)
        inner = indent + layout.unit
        code, closing = layout.on_lines(calls, inner), f"{layout.newline}{indent})"
        yield Edit(start, start, f"({layout.newline}{inner}")
        yield Edit(last, last, code + (closing if last == end else ""))
        if last != end:
            yield Edit(end, end, closing)

    def join(self, joins: Sequence[str]) -> None:
        self._extend("select_related", joins)

    def prefetch(self, lookups: Sequence[Lookup]) -> None:
        present = [item for link in self._living("prefetch_related") for item in self._read(link)]
        named = {item.prefetch_to for item in present if item.prefetch_to}
        new, plain = [], []
        for lookup in lookups:
            if lookup.code:
                if not self._has_same(lookup, present):
                    new.append(lookup.code)
            elif not is_covered(lookup.path, named):
                plain.append(lookup.path)
        if new and not plain and not present:
            self._new.append(f".prefetch_related({', '.join(new)})")
        else:
            self._extend("prefetch_related", plain, first=new)

    def _has_same(self, lookup: Lookup, present: Sequence[Argument]) -> bool:
        for item in present:
            if item.prefetch_to != lookup.prefetch_to:
                continue
            if _bare(item.code) == _bare(lookup.code):
                return True
            msg = f"the queryset prefetches {lookup.prefetch_to} in another way already"
            raise CannotFixError(msg)
        return False

    def annotate(self, columns: Sequence[tuple[str, str]]) -> None:
        calls = self._rows.named("annotate")
        present = {item.keyword: item.code for link in calls for item in self._read(link) if item.keyword}
        new = []
        for name, code in columns:
            if name not in present:
                new.append(f"{name}={code}")
            elif _bare(present[name]) != _bare(code):
                msg = f"the queryset has another column {name} already"
                raise CannotFixError(msg)
        if not new:
            return
        if calls:
            self._found += self._append(calls[-1], new)
        else:
            self._new.append(f".annotate({', '.join(new)})")

    def defer(self, names: Sequence[str]) -> None:
        if self._rows.named("only") and names:
            msg = "only() names the columns already: take out of it what is not used"
            raise CannotFixError(msg)
        self._extend("defer", names)

    def keep_columns(self, wanted: Wanted, model: type[Model]) -> None:
        """Load the keys again that ``only()`` or ``defer()`` leaves out, and that joins and prefetches need."""
        only, deferred = self._rows.named("only"), self._rows.named("defer")
        if not only and not deferred:
            return
        paths = (*wanted.joins, *(lookup.path for lookup in wanted.lookups))
        if only:
            names = self._texts(only[-1])
            missing = sorted({key for path in paths for key in _missing_keys(model, path, names)})
            if missing:
                self._found += self._append(only[-1], [f'"{name}"' for name in missing])
        for link in deferred:
            names = self._texts(link)
            if any(is_covered(name.removesuffix("_id"), paths) or is_covered(name, paths) for name in names):
                msg = (
                    f"{link.name}() leaves out a key that is needed: take it out of there, and run this again"
                )
                raise CannotFixError(msg)

    def _extend(self, method: str, names: Sequence[str], *, first: Sequence[str] = ()) -> None:
        """Add names to the last call of a method, or make one; a shorter path gives way to a longer one."""
        if not names and not first:
            return
        calls = self._living(method)
        present = [item for link in calls for item in self._read(link)]
        texts = [item.text for item in present if item.text]
        new = [name for name in names if not is_covered(name, texts)]
        if method == "defer":
            new = [name for name in names if name not in texts]
        if not calls:
            arguments = [*first, *(f'"{name}"' for name in new)]
            if arguments:
                self._new.append(f".{method}({', '.join(arguments)})")
            return
        if method != "defer" and not any(item.prefetch_to and not item.text for item in present):
            new = list(self._lengthened(present, new))
        arguments = [*first, *(f'"{name}"' for name in new)]
        if arguments:
            self._found += self._append(calls[-1], arguments)

    def _lengthened(self, present: Sequence[Argument], names: Sequence[str]) -> Iterator[str]:
        """Put a longer path in the place of the part of it that is there; yield those that have no such place."""
        taken: set[int] = set()
        for name in names:
            place = next((item for item in present if item.text and is_prefix(item.text, name)), None)
            if place is None or place.start in taken:
                yield name
                continue
            taken.add(place.start)
            quote = place.code[0] if place.code[:1] in {"'", '"'} else '"'
            self._found.append(Edit(place.start, place.end, f"{quote}{name}{quote}"))

    def _living(self, method: str) -> list[Link]:
        """Return the calls of a method that count: those behind the last one that begins anew with ``None``."""
        found: list[Link] = []
        for link in self._rows.named(method):
            is_reset = [item.code for item in self._read(link)] == ["None"]
            found = [] if is_reset else [*found, link]
        return found

    def _texts(self, link: Link) -> list[str]:
        items = self._read(link)
        if any(item.text is None for item in items):
            msg = f"the names of {link.name}() are no plain texts, and it may leave out a key that is needed"
            raise CannotFixError(msg)
        return [item.text for item in items if item.text]

    def _read(self, link: Link) -> list[Argument]:
        return read_arguments(self._tree, link.call) if link.call is not None else []

    def _append(self, link: Link, arguments: Sequence[str]) -> list[Edit]:
        codes = [self._tree.quoted(code) for code in arguments]
        return append_arguments(self._tree, link.call, codes) if link.call is not None else []


def _missing_keys(model: type[Model], path: str, names: Sequence[str]) -> Iterator[str]:
    """Yield the foreign keys on the way of a path that are not among the columns which are loaded."""
    way: list[str] = []
    try:
        steps = walk(model, path)
    except UsageError:
        return
    for step in steps:
        prefix = "__".join([*way, step.hop.name])
        if step.hop.kind != "forward":
            return
        is_named = prefix in names or f"{prefix}_id" in names
        if not is_named and not any(is_prefix(prefix, name) for name in names):
            yield prefix
        if is_named or not any(is_prefix(prefix, name) for name in names):
            return
        way.append(step.hop.name)


def _is_whole_value(tree: Tree, chain: Chain) -> bool:
    """Tell whether a chain of one line is all that a statement assigns or returns."""
    node = chain.node
    is_value = isinstance(tree.parent(node), cst.Return | cst.Assign | cst.AnnAssign)
    return is_value and not node.lpar and tree.first_line(node) == tree.last_line(node)


def _bare(code: str) -> str:
    return "".join(code.replace("'", '"').split()).replace(",)", ")")


def without_joins(wanted: Wanted, paths: Mapping[str, str]) -> Wanted:
    """Return the same with a prefetch in the place of each join; ``paths`` spells joins as lookups."""
    plain = [Lookup(paths.get(join, join)) for join in wanted.joins]
    return replace(wanted, joins=()) | Wanted(lookups=tuple(plain))
