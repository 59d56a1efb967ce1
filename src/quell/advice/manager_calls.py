"""What the source calls on a related manager: the manager as it is spelled there, and each call with its arguments."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from quell.advice.reading import expressions_at, tree_of
from quell.events import Location


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a chain with its arguments, or an index, whose name is ``[]`` and whose argument is the slice."""

    name: str
    arguments: tuple[ast.expr, ...] = ()
    keywords: tuple[ast.keyword, ...] = ()

    @property
    def code(self) -> str:
        """Return it as it is appended."""
        if self.name == "[]":
            return f"[{ast.unparse(self.arguments[0])}]"
        arguments = [*map(ast.unparse, self.arguments), *map(_keyword, self.keywords)]
        return f".{self.name}({', '.join(arguments)})"


@dataclass(frozen=True, slots=True)
class Chain:
    """A related manager as the source spells it, such as ``post.comments``, and what is called on it."""

    manager: str = ""
    steps: tuple[Step, ...] = ()

    @property
    def code(self) -> str:
        """Return the calls as they follow the manager."""
        return "".join(step.code for step in self.steps)


def choose_chain(chains: Sequence[Chain], method: str) -> Chain | None:
    """Return the longest chain, or, where some end in the method that ran, the longest of those."""
    ending = [chain for chain in chains if method and chain.steps and chain.steps[-1].name.endswith(method)]
    return max(ending or chains, key=lambda chain: len(chain.steps), default=None)


def depends_on_row(chain: Chain) -> bool:
    """Tell whether an argument names what the manager is read from: then no queryset of all rows can use it."""
    owner = names_in(ast.parse(chain.manager or "x")) - {"self"}
    arguments = [
        *(argument for step in chain.steps for argument in step.arguments),
        *(keyword.value for step in chain.steps for keyword in step.keywords),
    ]
    return any(owner & names_in(argument) for argument in arguments)


def names_in(tree: ast.AST) -> set[str]:
    """Return the names that a piece of code reads."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def chains_at(trigger: Location | None, accessor: str) -> tuple[Chain, ...]:
    """Return all chains behind one accessor that a line of Python spells."""
    tree = tree_of(trigger)
    if trigger is None or tree is None:
        return ()
    return tuple(chain for node in expressions_at(tree, trigger.line) for chain in _chains(node, accessor))


def _chains(node: ast.expr, accessor: str) -> Iterator[Chain]:
    """Yield the part of an expression that follows the accessor, if it is one chain of calls."""
    steps: list[Step] = []
    while True:
        match node:
            case ast.Call(func=ast.Attribute(value=inner, attr=name)) if name != accessor:
                steps.append(Step(name, tuple(node.args), tuple(node.keywords)))
                node = inner
            case ast.Subscript(value=inner, slice=index):
                steps.append(Step("[]", (index,)))
                node = inner
            case ast.Attribute(attr=name) if name == accessor:
                yield Chain(ast.unparse(node), tuple(reversed(steps)))
                return
            case _:
                return


def _keyword(keyword: ast.keyword) -> str:
    value = ast.unparse(keyword.value)
    return f"{keyword.arg}={value}" if keyword.arg else f"**{value}"
