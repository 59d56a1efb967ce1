"""Where a line builds the queryset of a model: the chain of calls, or the class that a framework takes it from."""

import sys
from collections.abc import Mapping, Sequence
from types import ModuleType

import libcst as cst
from django.apps import apps
from django.db.models import Manager, Model, QuerySet

from quell.events import Location
from quell.management.fixing.methods import (
    PLAIN_MANAGERS,
    QUERYSET_METHODS,
    accessor_names,
    is_own_method,
)
from quell.management.fixing.source import CannotFixError, Source
from quell.management.fixing.tree import Chain, Link, Tree, chains

# What takes a model, and asks its default manager.
_SHORTCUTS = frozenset({"get_object_or_404", "get_list_or_404", "aget_object_or_404", "aget_list_or_404"})
_SURE, _LIKELY = 2, 1


def module_of(source: Source) -> ModuleType | None:
    """Return the module that a file was imported as."""
    path = str(source.path.resolve())
    for module in list(sys.modules.values()):
        # Some modules compute their attributes, and fail in doing so.
        file = getattr(module, "__dict__", {}).get("__file__")
        if file and (file == str(source.path) or file == path):
            return module
    return None


def names_of(source: Source) -> Mapping[str, object]:
    """Return what the names of a module stand for; nothing for one that was not imported."""
    module = module_of(source)
    return vars(module) if module is not None else {}


def find_chain(tree: Tree, origin: Location, model: type[Model]) -> Chain:
    """
    Return the one chain of a line that builds a queryset of a model.

    Raises:
        CannotFixError: If there is none, or several.
    """
    names = names_of(tree.source)
    ranked: dict[int, list[Chain]] = {}
    for chain in chains(tree):
        if tree.first_line(chain.node) > origin.line or tree.last_line(chain.node) < origin.line:
            continue
        rank = _rank(tree, chain, origin.line, model, names)
        if rank:
            ranked.setdefault(rank, []).append(chain)
    found = ranked.get(_SURE) or ranked.get(_LIKELY) or []
    if len(found) == 1:
        return found[0]
    label = model._meta.label
    if found:
        msg = f"the line builds {len(found)} querysets of {label}, and only one of them is to change"
        raise CannotFixError(msg)
    msg = f"the line builds no queryset of {label} that the source spells"
    raise CannotFixError(msg)


def find_shortcut(tree: Tree, origin: Location, model: type[Model]) -> cst.Arg | None:
    """Return the model that a line hands to ``get_object_or_404()`` or the like."""
    names = names_of(tree.source)
    found = [
        node.args[0]
        for node in tree.nodes
        if isinstance(node, cst.Call)
        and isinstance(node.func, cst.Name)
        and node.func.value in _SHORTCUTS
        and tree.first_line(node) <= origin.line <= tree.last_line(node)
        and node.args
        and resolve(node.args[0].value, names, model) is model
    ]
    return found[0] if len(found) == 1 else None


def resolve(node: cst.BaseExpression, names: Mapping[str, object], model: type[Model]) -> object:
    """Return what a dotted name of a module stands for; a class that only a function imports is known by its name."""
    if isinstance(node, cst.Name):
        if node.value in names:
            return names[node.value]
        if node.value == model.__name__:
            return model
        return next((item for item in apps.get_models() if item.__name__ == node.value), None)
    if isinstance(node, cst.Attribute):
        owner = resolve(node.value, names, model)
        # An attribute of an instance may be computed, and of a class a model's managers are.
        if isinstance(owner, ModuleType | type):
            return getattr(owner, node.attr.value, None)
    return None


def building_link(chain: Chain, model: type[Model], names: Mapping[str, object]) -> int | None:
    """Return the position of the step by which a chain has a queryset or manager of a model."""
    managers = {manager.name for manager in model._meta.managers} | PLAIN_MANAGERS
    for position, link in enumerate(chain.links):
        owner = chain.root if position == 0 else chain.links[position - 1].node
        known = resolve(owner, names, model)
        if isinstance(known, type) and issubclass(known, Model):
            return position if _is_of(known, model) and link.name in managers else None
        if isinstance(known, Manager | QuerySet):
            return position - 1 if _is_of(known.model, model) else None
    return None


def declares_other(tree: Tree, chain: Chain, model: type[Model]) -> bool:
    """Tell whether a chain begins with another model than the one whose rows are to be changed."""
    names = names_of(tree.source)
    nodes = [chain.root, *(link.node for link in chain.links)]
    found = [item for node in nodes if isinstance(item := resolve(node, names, model), type)]
    return any(issubclass(item, Model) and not _is_of(item, model) for item in found)


def _is_of(known: type[Model], model: type[Model]) -> bool:
    return known._meta.concrete_model is model._meta.concrete_model


def _rank(tree: Tree, chain: Chain, line: int, model: type[Model], names: Mapping[str, object]) -> int:
    """Tell how sure it is that a chain builds a queryset of the model at a line: 0 for not at all."""
    position = building_link(chain, model, names)
    if position is not None:
        return _SURE if _is_at(tree, chain, position + 1, line) else 0
    if isinstance(resolve(chain.root, names, model), type):
        # The manager of another model.
        return 0
    related = accessor_names(model)
    for position, link in enumerate(chain.links):
        if link.call is None and link.name in related and _has_calls(chain.links[position + 1 :], model):
            return _SURE if _is_at(tree, chain, position + 1, line) else 0
    return _LIKELY if _has_calls(chain.links, model) and _is_at(tree, chain, 0, line) else 0


def _has_calls(links: Sequence[Link], model: type[Model]) -> bool:
    return any(
        link.call is not None and (link.name in QUERYSET_METHODS or is_own_method(model, link.name))
        for link in links
    )


def _is_at(tree: Tree, chain: Chain, position: int, line: int) -> bool:
    """Tell whether the first call behind a position is made on a line, which may be where the chain begins."""
    first = next((link for link in chain.links[max(position, 0) :] if link.call is not None), chain.links[-1])
    attribute = first.attribute.attr if first.attribute is not None else first.node
    return tree.first_line(chain.node) <= line <= tree.first_line(attribute)


def find_class(tree: Tree, origin: Location) -> cst.ClassDef:
    """
    Return the class statement of a line.

    Raises:
        CannotFixError: If there is none.
    """
    for node in tree.nodes:
        if isinstance(node, cst.ClassDef) and tree.first_line(node.name) == origin.line:
            return node
    msg = "the line does not begin a class any more"
    raise CannotFixError(msg)


def runtime_class(tree: Tree, node: cst.ClassDef) -> type | None:
    """Return the class that a statement made."""
    path = [node.name.value]
    for outer in tree.ancestors(node):
        if isinstance(outer, cst.FunctionDef):
            return None
        if isinstance(outer, cst.ClassDef):
            path.append(outer.name.value)
    found: object = module_of(tree.source)
    for name in reversed(path):
        found = getattr(found, name, None)
    return found if isinstance(found, type) else None
