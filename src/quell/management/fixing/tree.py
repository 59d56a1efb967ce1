"""A module as LibCST reads it, with offsets into its text, and the chains of calls that it is made of."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import libcst as cst
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider

from quell.management.fixing.layout import Layout, limit_of
from quell.management.fixing.source import CannotFixError, Source


class Tree:
    """
    The syntax of a file.

    Raises:
        CannotFixError: If LibCST cannot read it, or would not write it back as it is.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        try:
            self.module = cst.parse_module(source.text)
        except cst.ParserSyntaxError as error:
            msg = f"LibCST cannot read the file: {error.message}"
            raise CannotFixError(msg) from error
        except RecursionError as error:
            msg = "an expression of the file is nested too deeply for LibCST"
            raise CannotFixError(msg) from error
        if self.module.code != source.text:
            msg = "LibCST would not write the file back as it is"
            raise CannotFixError(msg)
        # The nodes are not changed, so they need no copy.
        wrapper = MetadataWrapper(self.module, unsafe_skip_copy=True)
        self._positions = wrapper.resolve(PositionProvider)
        self._parents = wrapper.resolve(ParentNodeProvider)

    def start(self, node: cst.CSTNode) -> int:
        """Return the offset of the first character of a node, inside of its parentheses."""
        position = self._positions[node].start
        return self.source.offset(position.line, position.column)

    def end(self, node: cst.CSTNode) -> int:
        """Return the offset behind the last character of a node, inside of its parentheses."""
        position = self._positions[node].end
        return self.source.offset(position.line, position.column)

    def first_line(self, node: cst.CSTNode) -> int:
        """Return the line that a node begins on."""
        return self._positions[node].start.line

    def last_line(self, node: cst.CSTNode) -> int:
        """Return the line that a node ends on."""
        return self._positions[node].end.line

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """Return what a node is part of."""
        return self._parents.get(node)

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """Yield what a node is part of, from the inside out."""
        found = self.parent(node)
        while found is not None:
            yield found
            found = self.parent(found)

    def text(self, node: cst.CSTNode) -> str:
        """Return the source of a node, without its parentheses."""
        return self.source.text[self.start(node) : self.end(node)]

    def code(self, node: cst.CSTNode) -> str:
        """Return the source of a node, with its parentheses."""
        return self.module.code_for_node(node)

    @cached_property
    def nodes(self) -> tuple[cst.CSTNode, ...]:
        """Return all nodes, outer ones first."""
        return tuple(_walk(self.module))

    @cached_property
    def layout(self) -> Layout:
        """Return how the lines of the file look."""
        limit = limit_of(self.source.path.resolve().parent)
        return Layout(self.module.default_indent, limit, self.source.newline)

    @cached_property
    def quote(self) -> str:
        """Return the quote that most texts of the file have; formatters make it the double one."""
        texts = [node.quote for node in self.nodes if isinstance(node, cst.SimpleString)]
        return "'" if texts.count("'") > texts.count('"') else '"'

    def quoted(self, code: str) -> str:
        """Return generated code with the quotes of the file, where that changes no text."""
        return code.replace('"', "'") if self.quote == "'" and "'" not in code and "\\" not in code else code


def _walk(module: cst.Module) -> Iterator[cst.CSTNode]:
    waiting: list[cst.CSTNode] = [module]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children))


@dataclass(frozen=True, slots=True)
class Link:
    """One step of a chain: an attribute, a call of it, or, with an empty name, an index or a call of a call."""

    name: str
    node: cst.BaseExpression
    attribute: cst.Attribute | None = None

    @property
    def call(self) -> cst.Call | None:
        """Return the call, if it is one."""
        return self.node if isinstance(self.node, cst.Call) else None


@dataclass(frozen=True, slots=True)
class Chain:
    """An expression that is no part of a longer one: what it starts from, and its steps."""

    node: cst.BaseExpression
    root: cst.BaseExpression
    links: tuple[Link, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the steps."""
        return tuple(link.name for link in self.links)


def read_chain(node: cst.BaseExpression) -> Chain:
    """Take an expression apart, from its root outwards."""
    links: list[Link] = []
    inner = node
    while True:
        if isinstance(inner, cst.Call) and isinstance(inner.func, cst.Attribute):
            links.append(Link(inner.func.attr.value, inner, inner.func))
            inner = inner.func.value
        elif isinstance(inner, cst.Attribute):
            links.append(Link(inner.attr.value, inner, inner))
            inner = inner.value
        elif isinstance(inner, cst.Subscript):
            links.append(Link("", inner))
            inner = inner.value
        elif isinstance(inner, cst.Call) and not isinstance(inner.func, cst.Name):
            links.append(Link("", inner))
            inner = inner.func
        else:
            return Chain(node, inner, tuple(reversed(links)))


def chains(tree: Tree) -> Iterator[Chain]:
    """Yield every chain of a module that has a step."""
    for node in tree.nodes:
        if isinstance(node, cst.Call | cst.Attribute | cst.Subscript) and not _is_inner(tree, node):
            chain = read_chain(node)
            if chain.links:
                yield chain


def _is_inner(tree: Tree, node: cst.CSTNode) -> bool:
    """Tell whether a chain goes on behind a node."""
    match tree.parent(node):
        case cst.Attribute(value=inner) | cst.Subscript(value=inner):
            return inner is node
        case cst.Call(func=inner):
            return inner is node
    return False
