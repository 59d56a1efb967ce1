"""
The line that asked a related manager, changed so that it reads what its row holds.

# Note [A trigger with a way back]
``article.views.count()`` becomes ``article.views_count if hasattr(article, "views_count") else article.views.count()``.
Rows of other querysets have no such attribute, and run the very expression that stood there. What makes this safe is
decided elsewhere: the attribute has a name that the project uses nowhere else, and the queryset belongs to a view that
only reads.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from quell.events import Location
from quell.findings import Finding
from quell.management.fixing.source import CannotFixError, Edit
from quell.management.fixing.tree import Chain, Link, Tree, chains
from quell.management.fixing.wanted import Wanted

# What does not care whether it is given a list or a queryset.
_READERS = frozenset(
    {"len", "list", "tuple", "set", "sorted", "any", "all", "sum", "enumerate", "bool", "zip"}
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a trigger is to read: an attribute, and the calls behind the relation that it stands for."""

    accessor: str
    name: str
    method: str
    calls: str

    def replacement(self, owner: str) -> str:
        """Return the expression that reads the attribute of a row."""
        return f"next(iter({owner}.{self.name}), None)" if self.method == "first" else f"{owner}.{self.name}"


def reading_of(finding: Finding, wanted: Wanted) -> Reading:
    """
    Return what the trigger of a finding reads once its queryset loads what is wanted.

    Raises:
        CannotFixError: If that is more than one thing, or belongs to other rows than those of the queryset.
    """
    accessor = finding.path
    names = [
        *(item.to_attr for item in wanted.lookups if item.to_attr),
        *(name for name, _ in wanted.columns),
    ]
    if (
        "__" in accessor
        or len(names) != 1
        or wanted.joins
        or any(not item.to_attr for item in wanted.lookups)
    ):
        msg = "the code that asks has to change in a way that a person has to decide"
        raise CannotFixError(msg)
    if wanted.columns:
        code = ast.parse(wanted.columns[0][1], mode="eval").body
        method = "exists" if isinstance(code, ast.Call) and _name(code.func) == "Exists" else "count"
        return Reading(accessor, names[0], method, _steps_of_rows(code))
    code = ast.parse(wanted.lookups[0].code, mode="eval").body
    rows = (
        next((item.value for item in code.keywords if item.arg == "queryset"), None)
        if isinstance(code, ast.Call)
        else None
    )
    if isinstance(rows, ast.Subscript):
        if ast.unparse(rows.slice) != ":1":
            msg = "the code that asks takes a slice, and a person has to decide how it reads the list"
            raise CannotFixError(msg)
        return Reading(accessor, names[0], "first", _steps(rows.value))
    if rows is None:
        msg = "the code that asks has to change in a way that a person has to decide"
        raise CannotFixError(msg)
    return Reading(accessor, names[0], "", _steps(rows))


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _steps(node: ast.expr) -> str:
    """Return the calls behind a manager, as ``ast`` writes them."""
    parts: list[str] = []
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        arguments = ast.unparse(ast.Call(ast.Name("_"), node.args, node.keywords))[1:]
        parts.append(f".{node.func.attr}{arguments}")
        node = node.func.value
    return "".join(reversed(parts))


def _steps_of_rows(code: ast.expr) -> str:
    """Return the calls that choose rows in a subquery, behind the one that finds those of the row."""
    inner = code.args[0] if isinstance(code, ast.Call) and code.args else code
    steps = _steps(inner).partition(".order_by().values(")[0]
    # The first one is filter(...=OuterRef("pk")).
    depth = 0
    for position, character in enumerate(steps):
        depth += (character == "(") - (character == ")")
        if character == ")" and not depth:
            return steps[position + 1 :]
    return ""


def trigger_edits(tree: Tree, spot: Location, reading: Reading) -> list[Edit]:
    """
    Return the change of a line that asks a related manager; none where it reads the attribute already.

    Raises:
        CannotFixError: If the line asks for something else, or its result is used as only a queryset can be.
    """
    chain, position = _find(tree, spot, reading)
    end = _end_of(chain, position, reading)
    node = chain.links[end - 1].node
    owner = _owner(tree, chain, position)
    if _has_way_back(tree, node, owner, reading):
        return []
    if not reading.method:
        _check_use(tree, node)
    if isinstance(tree.parent(node), cst.Await):
        msg = "the line waits for the database, and what is loaded needs no waiting"
        raise CannotFixError(msg)
    test = tree.quoted(f'hasattr({owner}, "{reading.name}")')
    return [_with_way_back(tree, node, reading.replacement(owner), test)]


def _with_way_back(tree: Tree, node: cst.BaseExpression, value: str, test: str) -> Edit:
    """Return the change of a question. See Note [A trigger with a way back]."""
    start, end, layout = tree.start(node), tree.end(node), tree.layout
    parts = (value, f"if {test}", f"else {tree.text(node)}")
    code = " ".join(parts)
    is_value = isinstance(tree.parent(node), cst.Return | cst.Assign | cst.AnnAssign)
    length = tree.source.line_end(end) - tree.source.line_start(start) - (end - start) + len(code)
    if is_value and not node.lpar and length > layout.limit:
        indent = tree.source.indent_at(start)
        inner = f"{layout.newline}{indent}{layout.unit}"
        code = f"({''.join(inner + part for part in parts)}{layout.newline}{indent})"
    elif not is_value and not node.lpar:
        code = f"({code})"
    return Edit(start, end, code)


def _find(tree: Tree, spot: Location, reading: Reading) -> tuple[Chain, int]:
    """Return the chain that asks, and where in it the relation stands."""
    found = [
        (chain, position)
        for chain in _asking(tree, spot, reading)
        for position, link in enumerate(chain.links)
        if link.name == reading.accessor and link.call is None
    ]
    # Its own question stands behind the way back, too.
    questions = [item for item in found if _end_of(item[0], item[1], reading)]
    if len(questions) != 1:
        msg = f"the line asks {reading.accessor} in another way than what was proven, or more than once"
        raise CannotFixError(msg)
    return questions[0]


def _asking(tree: Tree, spot: Location, reading: Reading) -> Iterator[Chain]:
    """Yield the chains of a line, or, where it only reads the rows of a name, those that gave the name its value."""
    every = list(chains(tree))
    here = [item for item in every if _spans(tree, item.node, spot.line)]
    if reading.method or any(reading.accessor in item.names for item in here):
        yield from here
        return
    read = {
        node.value for node in tree.nodes if isinstance(node, cst.Name) and tree.first_line(node) == spot.line
    }
    functions = [
        node for node in tree.nodes if isinstance(node, cst.FunctionDef) and _spans(tree, node, spot.line)
    ]
    for item in every:
        parent = tree.parent(item.node)
        if (
            not functions
            or functions[-1] not in tree.ancestors(item.node)
            or not isinstance(parent, cst.Assign)
        ):
            continue
        if any(
            isinstance(target.target, cst.Name) and target.target.value in read for target in parent.targets
        ):
            yield item


def _spans(tree: Tree, node: cst.CSTNode, line: int) -> bool:
    return tree.first_line(node) <= line <= tree.last_line(node)


def _end_of(chain: Chain, position: int, reading: Reading) -> int:
    """Return the position behind the calls that a reading stands for, or 0 where the chain makes others."""
    links = chain.links[position + 1 :]
    spelled = ""
    for number, link in enumerate(links):
        if link.call is None:
            return 0
        if reading.method and link.name == reading.method and not link.call.args:
            is_same = _is_same(spelled, reading)
            return position + number + 2 if is_same else 0
        spelled += _code(link)
        if not reading.method and _is_same(spelled, reading) and number == len(links) - 1:
            return position + number + 2
    return 0


def _is_same(spelled: str, reading: Reading) -> bool:
    asked = spelled.removeprefix(".all()")
    given = reading.calls.removeprefix(".all()")
    return asked == given or (reading.method in {"count", "exists"} and _without_order(asked) == given)


def _without_order(steps: str) -> str:
    """Return calls without a final order, which no number depends on."""
    return steps if ".order_by(" not in steps else steps[: steps.rindex(".order_by(")]


def _code(link: Link) -> str:
    call = link.call
    if call is None:
        return ""
    arguments = ast.unparse(ast.parse("_" + _arguments(call), mode="eval").body)[1:]
    return f".{link.name}{arguments}"


def _arguments(call: cst.Call) -> str:
    return cst.Module([]).code_for_node(call.with_changes(func=cst.Name("_"), lpar=(), rpar=()))[1:]


def _owner(tree: Tree, chain: Chain, position: int) -> str:
    if position or not isinstance(chain.root, cst.Name):
        msg = f"what {chain.links[position].name} is read from is more than a name"
        raise CannotFixError(msg)
    return chain.root.value


def _has_way_back(tree: Tree, node: cst.CSTNode, owner: str, reading: Reading) -> bool:
    """Tell whether the line was changed before. See Note [A trigger with a way back]."""
    parent = tree.parent(node)
    if not isinstance(parent, cst.IfExp) or parent.orelse is not node:
        return False
    test = tree.code(parent.test).replace("'", '"')
    return test == f'hasattr({owner}, "{reading.name}")'


def _check_use(tree: Tree, node: cst.CSTNode) -> None:
    """Refuse a result that is more than read from the first row to the last."""
    parent = tree.parent(node)
    uses: Sequence[cst.CSTNode] = (node,)
    if isinstance(parent, cst.Assign) and len(parent.targets) == 1:
        target = parent.targets[0].target
        function = next((item for item in tree.ancestors(node) if isinstance(item, cst.FunctionDef)), None)
        if isinstance(target, cst.Name) and function is not None:
            uses = _reads(tree, function, target)
    if not all(_is_read_through(tree, use) for use in uses):
        msg = "the result is used as only a queryset can be, and what is loaded is a list"
        raise CannotFixError(msg)


def _reads(tree: Tree, function: cst.FunctionDef, target: cst.Name) -> list[cst.CSTNode]:
    """Return where a function uses a name, which is not where something has an attribute or argument of that name."""
    found: list[cst.CSTNode] = []
    for node in tree.nodes:
        if not isinstance(node, cst.Name) or node.value != target.value or node is target:
            continue
        parent = tree.parent(node)
        is_other = (isinstance(parent, cst.Attribute) and parent.attr is node) or (
            isinstance(parent, cst.Arg) and parent.keyword is node
        )
        if not is_other and function in tree.ancestors(node):
            found.append(node)
    return found


def _is_read_through(tree: Tree, node: cst.CSTNode) -> bool:
    match tree.parent(node):
        case cst.For(iter=iterated, asynchronous=None) | cst.CompFor(iter=iterated, asynchronous=None):
            return iterated is node
        case cst.Arg() as argument:
            call = tree.parent(argument)
            return (
                isinstance(call, cst.Call) and isinstance(call.func, cst.Name) and call.func.value in _READERS
            )
    return False
