"""
The statements of a request as a tree: a queryset, what its rows asked for, what those rows asked for.

Equal loads are one node, so that its size is that of the code and not that of the data.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field

from quell.events import Fetch, Location, QueryEvent, Recording
from quell.findings import Finding
from quell.sqltext.fingerprint import fingerprint

# Steps of the time axis: what is closer together cannot be told apart on a screen.
_STEPS = 200
_MOST_NODES = 300
# What a node is, as the templates name it in the language of the reader.
_KINDS = {"root": "queryset", "lazy": "on demand", "orphan": "on demand", "prefetch": "prefetch"}


@dataclass(slots=True)
class Node:
    """Statements of one kind, below those whose rows asked for them."""

    name: str
    kind: str
    sql: str = ""
    alias: str = ""
    trigger: Location | None = None
    origin: Location | None = None
    count: int = 0
    ms: float = 0.0
    findings: set[int] = field(default_factory=set)
    steps: set[int] = field(default_factory=set)
    children: dict[Hashable, Node] = field(default_factory=dict)

    def add(self, event: QueryEvent, steps: Iterable[int]) -> None:
        """Count a statement."""
        self.count += 1
        self.ms += event.duration_ms
        self.steps.update(steps)
        if not self.sql:
            self.sql, self.alias, self.trigger = fingerprint(event.sql), event.alias, event.trigger

    def bars(self) -> list[tuple[float, float]]:
        """Return where on the time axis its statements ran: beginnings and widths, in hundredths of all."""
        found: list[list[int]] = []
        for step in sorted(self.steps):
            if found and found[-1][0] + found[-1][1] == step:
                found[-1][1] += 1
            else:
                found.append([step, 1])
        return [(100 * start / _STEPS, 100 * width / _STEPS) for start, width in found]


@dataclass(slots=True)
class Tree:
    """All nodes, and what did not fit."""

    total_ms: float
    roots: list[Node] = field(default_factory=list)
    left_out_count: int = 0


def grow(recording: Recording, findings: Iterable[Finding]) -> Tree:
    """
    Return the statements of a recording as a tree; time is that spent in the database, in order of execution.

    Cost: O(statements + fetches).
    """
    grower = _Grower(recording, findings)
    tree = Tree(total_ms=sum(event.duration_ms for event in recording.queries))
    spent = 0.0
    for event in recording.queries:
        steps = _steps(spent, event.duration_ms, tree.total_ms)
        spent += event.duration_ms
        node = grower.node_of(event)
        if node is None:
            tree.left_out_count += 1
        else:
            node.add(event, steps)
    tree.roots = list(grower.top.children.values())
    return tree


def _steps(start: float, length: float, total: float) -> range:
    if not total:
        return range(1)
    first = min(int(start / total * _STEPS), _STEPS - 1)
    return range(first, max(first + 1, min(round((start + length) / total * _STEPS), _STEPS)))


@dataclass(frozen=True, slots=True)
class Row:
    """A node in its place in a list of lists: how many of them end behind it."""

    node: Node
    closed_count: int = 0


def rows_of(nodes: Iterable[Node]) -> Iterator[Row]:
    """Yield nodes from the top down, without recursion: a chain may be longer than the stack of a template."""
    levels = [list(nodes)[::-1]]
    while levels[-1]:
        node = levels[-1].pop()
        if node.children:
            yield Row(node)
            levels.append(list(node.children.values())[::-1])
            continue
        closed_count = 0
        while len(levels) > 1 and not levels[-1]:
            levels.pop()
            closed_count += 1
        yield Row(node, closed_count)


class _Grower:
    def __init__(self, recording: Recording, findings: Iterable[Finding]) -> None:
        self._fetches = {fetch.number: fetch for fetch in recording.fetches}
        self._by_load: dict[int, set[int]] = {}
        self._by_spot: dict[Location, set[int]] = {}
        for number, finding in enumerate(findings, 1):
            self._note(number, finding)
        self._nodes: dict[int, Node | None] = {}
        self._count = 0
        self.top = Node("", "")

    def _note(self, number: int, finding: Finding) -> None:
        # In pairs: what to change, and what it would save.
        for load in finding.fetches[1::2]:
            self._by_load.setdefault(load, set()).add(number)
        # What is about no queryset, such as writes, is about the statements of its lines.
        for spot in () if finding.fetches else finding.triggers or (finding.trigger,):
            if spot is not None:
                self._by_spot.setdefault(spot, set()).add(number)

    def node_of(self, event: QueryEvent) -> Node | None:
        """Return the node of a statement, ``None`` where there are too many."""
        fetch = self._fetches.get(event.fetch)
        if fetch is not None:
            node = self._node_of_fetch(fetch)
        else:
            kind = event.operation if event.operation != "select" else "statement"
            node = self._child(self.top, (event.sql, event.trigger), Node(event.verb, kind))
        if node is not None and event.trigger in self._by_spot:
            node.findings |= self._by_spot[event.trigger]
        return node

    def _node_of_fetch(self, fetch: Fetch) -> Node | None:
        if fetch.number not in self._nodes:
            # From the outermost one down, as a chain may be longer than the stack of Python.
            for each in reversed(list(self._line(fetch))):
                self._nodes[each.number] = self._place(each)
        return self._nodes[fetch.number]

    def _line(self, fetch: Fetch | None) -> Iterator[Fetch]:
        while fetch is not None and fetch.number not in self._nodes:
            yield fetch
            fetch = self._fetches.get(fetch.parent)

    def _place(self, fetch: Fetch) -> Node | None:
        parent = self._nodes.get(fetch.parent) if fetch.parent in self._fetches else self.top
        if parent is None:
            return None
        name = "__".join(fetch.hops) if fetch.hops and fetch.kind != "root" else fetch.model
        if fetch.kind == "orphan":
            name = f"{fetch.owner_model} {name}".strip()
        call = f".{fetch.method}()" if fetch.method else ""
        made = Node(name + call, _KINDS[fetch.kind], origin=fetch.origin)
        key = (fetch.kind, name, call, fetch.variant, fetch.trigger, fetch.origin)
        node = self._child(parent, key, made)
        if node is not None:
            node.findings |= self._by_load.get(fetch.number, set())
        return node

    def _child(self, parent: Node, key: Hashable, made: Node) -> Node | None:
        node = parent.children.get(key)
        if node is None and self._count < _MOST_NODES:
            self._count += 1
            node = parent.children[key] = made
        return node
