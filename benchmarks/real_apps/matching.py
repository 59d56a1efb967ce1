"""Compare the findings of quell with what the oracle measured."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.apps import apps
from django.contrib.contenttypes.fields import GenericForeignKey
from django.db.models import Field, ForeignObjectRel, Model
from locate import Locator
from oracle import Growth, Oracle, Site, Visit, visit_page
from protocol import App

if TYPE_CHECKING:
    from quell.findings import Finding

LOOP_KINDS = ("n_plus_one", "query_in_loop")
MATCHING_KINDS = (*LOOP_KINDS, "defeated_prefetch", "duplicate_query")


class Verdict(enum.StrEnum):
    """How much of a growing shape the findings of its page name."""

    EXACT = "exact"
    LINE = "only line"
    RELATION = "only relation"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Match:
    """A growing shape, its verdict, the findings that support it, and its sites that no finding names."""

    growth: Growth
    verdict: Verdict
    findings: tuple[Finding, ...]
    missed_sites: tuple[Site, ...]


@dataclass(frozen=True, slots=True)
class FalseLoop:
    """
    A loop finding on a line where nothing grows, with what ran there at both sizes.

    Attributes:
        grows_elsewhere: Whether this line and relation grow on another page: the same cause, with rows to show.
    """

    page: str
    finding: Finding
    sites: tuple[Site, ...]
    grows_elsewhere: bool = False

    @property
    def is_constant(self) -> bool:
        """Return whether the line did run a statement repeatedly, as often at both sizes."""
        return any(site.large > 1 for site in self.sites)


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    All pages with quell on.

    Attributes:
        findings: Findings by page.
        disturbed: Pages that ran another number of queries under the watch, with both numbers.
    """

    matches: tuple[Match, ...]
    false_loops: tuple[FalseLoop, ...]
    findings: Mapping[str, Sequence[Finding]]
    disturbed: Mapping[str, tuple[int, int]]
    errors: Mapping[str, str]


def compare(app: App, size: int, oracle: Oracle) -> Comparison:
    """Visit every page once more under a watch and hold its findings against the oracle."""
    locator = Locator(app.libraries)
    findings: dict[str, Sequence[Finding]] = {}
    visits: dict[str, Visit] = {}
    for name, page in app.pages(size).items():
        found: list[Finding] = []
        visits[name] = visit_page(page, locator, _watching(found))
        findings[name] = found
    plain = oracle.large
    return Comparison(
        matches=tuple(_match(growth, findings[growth.page]) for growth in oracle.growths),
        false_loops=tuple(_false_loops(oracle, findings)),
        findings=findings,
        disturbed={
            name: (plain[name].query_count, visit.query_count)
            for name, visit in visits.items()
            if not visit.error and visit.query_count != plain[name].query_count
        },
        errors={name: visit.error for name, visit in visits.items() if visit.error},
    )


@contextmanager
def _watching(found: list[Finding]) -> Iterator[None]:
    import quell

    with quell.watch() as watch:
        yield
    found.extend(watch.findings)


def _match(growth: Growth, findings: Sequence[Finding]) -> Match:
    candidates = [finding for finding in findings if finding.kind in MATCHING_KINDS]
    on_line = [finding for finding in candidates if any(_is_at(finding, site) for site in growth.sites)]
    related = [finding for finding in candidates if is_related(finding, growth.tables)]
    both = [finding for finding in on_line if finding in related]
    missed = tuple(site for site in growth.sites if not any(_is_at(finding, site) for finding in both))
    for verdict, support in ((Verdict.EXACT, both), (Verdict.LINE, on_line), (Verdict.RELATION, related)):
        if support:
            return Match(growth, verdict, tuple(support), missed)
    return Match(growth, Verdict.MISSED, (), missed)


def _false_loops(oracle: Oracle, findings: Mapping[str, Sequence[Finding]]) -> Iterator[FalseLoop]:
    for page, found in findings.items():
        growing = [site for growth in oracle.growths if growth.page == page for site in growth.sites]
        for finding in found:
            if finding.kind in LOOP_KINDS and not any(_is_at(finding, site) for site in growing):
                shapes = oracle.large[page].counts
                sites = (site for shape in shapes for site in oracle.sites(page, shape))
                here = tuple(site for site in sites if _is_at(finding, site))
                yield FalseLoop(page, finding, here, any(_supports(finding, each) for each in oracle.growths))


def _supports(finding: Finding, growth: Growth) -> bool:
    return is_related(finding, growth.tables) and any(_is_at(finding, site) for site in growth.sites)


def _is_at(finding: Finding, site: Site) -> bool:
    lines = finding.triggers or ((finding.trigger,) if finding.trigger is not None else ())
    return any(site.place.covers(line.file, line.line) for line in lines)


def is_related(finding: Finding, tables: Sequence[str]) -> bool:
    """Return whether a statement on these tables can be the load that a finding names."""
    if not finding.model:
        return not finding.path
    expected = _tables_on_path(apps.get_model(finding.model), finding.path)
    return expected is None or not expected.isdisjoint(tables)


def _tables_on_path(model: type[Model], path: str) -> set[str] | None:
    """Return the tables of all hops, of the model itself without a path, `None` when a hop may lead anywhere."""
    tables: set[str] = set()
    for hop in path.split("__") if path else ():
        # A child inherits the attribute that leads from its parent to itself, and no field for it. Polymorphic
        # rows of a parent are those of its children.
        owners = (model, *model._meta.all_parents, *_children_of(model))
        fields = (each for owner in owners for each in owner._meta.get_fields())
        field = next((each for each in fields if hop in _names(each)), None)
        if field is None and any(hasattr(owner, hop) for owner in owners):
            return set()
        # What a model does not have has its name of a Prefetch with to_attr.
        if field is None or isinstance(field, GenericForeignKey):
            return None
        for side in (field, getattr(field, "remote_field", None)):
            through: type[Model] | None = getattr(side, "through", None)
            tables |= {through._meta.db_table} if through is not None else set()
        target: type[Model] | None = field.related_model
        model = target or model
        tables.add(model._meta.db_table)
    return tables or {model._meta.db_table}


def _children_of(model: type[Model]) -> Iterator[type[Model]]:
    for child in model.__subclasses__():
        yield child
        yield from _children_of(child)


def _names(field: Field[object, object] | ForeignObjectRel | GenericForeignKey) -> set[str | None]:
    return {field.name, field.get_accessor_name()} if isinstance(field, ForeignObjectRel) else {field.name}
