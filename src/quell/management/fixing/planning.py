"""From what an origin needs to the changes of its file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import libcst as cst
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.sites import all_sites
from django.db.models import Manager, Model, QuerySet

from quell.advice.admins import is_bare
from quell.advice.models import model_of
from quell.advice.unused import Removal, read_removal
from quell.events import Location
from quell.findings import Finding
from quell.loading.plan import FetchPlan
from quell.loading.splitting import split
from quell.management.fixing.classes import attribute_of, join_edits, method_edits, queryset_edits
from quell.management.fixing.editing import edits_of, without_joins
from quell.management.fixing.imports import Imports
from quell.management.fixing.locating import (
    building_link,
    declares_other,
    find_chain,
    find_class,
    find_shortcut,
    names_of,
    runtime_class,
)
from quell.management.fixing.removing import declared_edits, removal_edits
from quell.management.fixing.rows import Rows, rows_of, takes_joins
from quell.management.fixing.source import CannotFixError, Edit, Territory, read_source
from quell.management.fixing.tree import Chain, Tree, read_chain
from quell.management.fixing.units import Unit, wanted_by
from quell.management.fixing.wanted import Lookup, Wanted

# What a class declares that a rewrite can change.
_WRITTEN = {"", "list_select_related", "get_queryset", "queryset"}
_OTHER_ROWS = "the framework builds the queryset, of other rows than those that the class is about"


@dataclass(slots=True)
class Files:
    """The files of one run, each read once."""

    territory: Territory
    trees: dict[Path, Tree] = field(default_factory=dict)

    def tree(self, file: str) -> Tree:
        """
        Return the syntax of a file that may be changed.

        Raises:
            CannotFixError: If it may not, or cannot be read.
        """
        path = Path(file)
        if path not in self.trees:
            self.territory.check(path)
            self.trees[path] = Tree(read_source(path))
        return self.trees[path]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the calls of a fix are written: behind an expression, or as a declaration of a class."""

    tree: Tree
    model: type[Model]
    rows: Rows | None = None
    owner: cst.ClassDef | None = None
    shortcut: cst.Arg | None = None

    @property
    def node(self) -> cst.CSTNode:
        """Return the part of the module that changes."""
        found = self.shortcut or self.owner or (self.rows.chain.node if self.rows is not None else None)
        return found or self.tree.module


def place_of(files: Files, unit: Unit) -> Place:
    """
    Find where the fix of an origin is to be written.

    Raises:
        CannotFixError: With the reason why nowhere.
    """
    finding = unit.first
    origin = finding.origin
    if origin is None:
        msg = "nothing tells where the queryset is built"
        raise CannotFixError(msg)
    tree, model = files.tree(origin.file), model_of(finding.model)
    _check_method(finding)
    if not _is_class(tree, origin):
        return _place_of_line(tree, origin, model)
    if finding.place.rpartition(".")[2] not in _WRITTEN:
        msg = f"{finding.place} is to be written by hand"
        raise CannotFixError(msg)
    owner = find_class(tree, origin)
    _check_owner(tree, owner, model)
    declared = attribute_of(owner, "queryset")
    if declared is None or finding.place.endswith(".list_select_related"):
        return Place(tree, model, owner=owner)
    chain = read_chain(declared.value)
    if building_link(chain, model, names_of(tree.source)) is None and declares_other(tree, chain, model):
        raise CannotFixError(_OTHER_ROWS)
    if not chain.links and not _is_queryset(chain, tree):
        msg = "the class takes its queryset from what the source does not spell"
        raise CannotFixError(msg)
    return Place(tree, model, rows=_rows(tree, chain, model))


def _check_method(finding: Finding) -> None:
    """
    Refuse a place in an admin or a form that no rewrite knows.

    Raises:
        CannotFixError: With the reason.
    """
    if ".formfield_for_" in finding.place:
        msg = f"{finding.place}() is to be written by hand, as the listing shows"
        raise CannotFixError(msg)
    if is_bare(finding) and finding.place.endswith((".list_select_related", ".get_queryset")):
        msg = (
            f"the model has no admin class of its own yet: {finding.place.partition('.')[0]} is to be written"
        )
        raise CannotFixError(msg)


def _check_owner(tree: Tree, owner: cst.ClassDef, model: type[Model]) -> None:
    """
    Refuse a class that a framework asks for other rows than those that are to be changed.

    Raises:
        CannotFixError: If an admin, which declares no model, is registered for another one.
    """
    cls = runtime_class(tree, owner)
    if cls is None or not issubclass(cls, BaseModelAdmin):
        return
    known = getattr(cls, "model", None)
    models = [known] if known is not None else _admin_models(cls)
    if models and not any(item._meta.concrete_model is model._meta.concrete_model for item in models):
        raise CannotFixError(_OTHER_ROWS)


def _admin_models(cls: type) -> list[type[Model]]:
    return [model for site in all_sites for model, admin in site._registry.items() if type(admin) is cls]


def _place_of_line(tree: Tree, origin: Location, model: type[Model]) -> Place:
    shortcut = find_shortcut(tree, origin, model)
    if shortcut is not None:
        return Place(tree, model, shortcut=shortcut)
    return Place(tree, model, rows=_rows(tree, find_chain(tree, origin, model), model))


def _is_class(tree: Tree, origin: Location) -> bool:
    name = origin.function.rpartition(".")[2]
    return any(
        isinstance(node, cst.ClassDef)
        and node.name.value == name
        and tree.first_line(node.name) == origin.line
        for node in tree.nodes
    )


def _is_queryset(chain: Chain, tree: Tree) -> bool:
    names = names_of(tree.source)
    return isinstance(chain.root, cst.Name) and isinstance(names.get(chain.root.value), QuerySet | Manager)


def _rows(tree: Tree, chain: Chain, model: type[Model]) -> Rows:
    position = building_link(chain, model, names_of(tree.source))
    if position is None:
        # Behind the manager of a relation, or whatever gives the queryset.
        position = next((at for at, link in enumerate(chain.links) if link.call is not None), 0) - 1
    return rows_of(chain, model, position + 1)


def origin_edits(
    place: Place, unit: Unit, answers: Wanted, imports: Imports, homes: Mapping[str, object]
) -> list[Edit]:
    """
    Return the changes at an origin, and note what they import.

    Args:
        place: Where they are made.
        unit: What is needed there.
        answers: What the triggers are to read.
        imports: Takes the names that the code uses.
        homes: What names stand for in the modules of the triggers.

    Raises:
        CannotFixError: If they would not do what was proven.
    """
    tree, model = place.tree, place.model
    label = model._meta.label
    plan = unit.plan
    if unit.unused:
        return _narrowing_edits(place, unit)
    if place.owner is not None and unit.first.place.endswith(".list_select_related") and not answers:
        return join_edits(tree, place.owner, unit.first.suggestion)
    wanted = wanted_by(plan, label) | answers
    if place.rows is not None:
        if not takes_joins(place.rows):
            wanted = without_joins(wanted, _paths_of_joins(plan, model))
        spelled = _spelled(wanted, imports, place.node, homes)
        return edits_of(tree, place.rows, spelled, model)
    calls = [tree.quoted(call) for call in _calls(_spelled(wanted, imports, place.node, homes))]
    if place.shortcut is not None:
        end = tree.end(place.shortcut)
        return [Edit(end, end, f".{model._default_manager.name}{''.join(calls)}")]
    return _class_edits(place, calls)


def _narrowing_edits(place: Place, unit: Unit) -> list[Edit]:
    """
    Return the changes that leave out what nothing uses.

    Raises:
        CannotFixError: If the source does not tell where that is named.
    """
    found = [read_removal(finding.suggestion) for finding in unit.unused]
    removals = [item for item in found if item is not None]
    columns = [finding.path for finding in unit.unused if finding.code == "Q107"]
    deferred = wanted_by(FetchPlan(defer=columns), place.model._meta.label).deferred if columns else ()
    if place.rows is not None:
        if place.rows.named("only"):
            removals += [Removal(name, "only") for name in deferred]
            deferred = ()
        edits = removal_edits(place.tree, place.rows, removals) if removals else []
        return edits + edits_of(place.tree, place.rows, Wanted(deferred=deferred), place.model)
    declared = attribute_of(place.owner, "list_select_related") if place.owner is not None else None
    if declared is None or deferred:
        msg = "the class takes its queryset from what the source does not spell"
        raise CannotFixError(msg)
    return declared_edits(place.tree, declared.value, removals)


def _class_edits(place: Place, calls: Sequence[str]) -> list[Edit]:
    owner = place.owner
    if owner is None:
        return []
    cls = runtime_class(place.tree, owner)
    if cls is not None and issubclass(cls, BaseModelAdmin):
        return method_edits(place.tree, owner, calls)
    return queryset_edits(place.tree, owner, place.model, calls)


def _paths_of_joins(plan: FetchPlan, model: type[Model]) -> Mapping[str, str]:
    parts = split(plan, model)
    return dict(zip(parts.joins, parts.joined_paths, strict=True))


def _spelled(wanted: Wanted, imports: Imports, node: cst.CSTNode, homes: Mapping[str, object]) -> Wanted:
    lookups = (
        Lookup(item.path, imports.spell(item.code, node, homes) if item.code else "", item.to_attr)
        for item in wanted.lookups
    )
    columns = ((name, imports.spell(code, node, homes)) for name, code in wanted.columns)
    return Wanted(wanted.joins, tuple(lookups), tuple(columns), wanted.deferred)


def _calls(wanted: Wanted) -> list[str]:
    lookups = [item.code or f'"{item.path}"' for item in wanted.lookups]
    parts = (
        ("select_related", [f'"{join}"' for join in wanted.joins]),
        ("prefetch_related", lookups),
        ("annotate", [f"{name}={code}" for name, code in wanted.columns]),
        ("defer", [f'"{name}"' for name in wanted.deferred]),
    )
    return [f".{method}({', '.join(items)})" for method, items in parts if items]
