"""Show what the oracle measured, and how the findings of quell compare."""

from collections import Counter
from collections.abc import Iterator

from matching import Comparison, FalseLoop, Match, Verdict
from oracle import Growth, Oracle, Site

JsonValue = str | int | None | list["JsonValue"] | dict[str, "JsonValue"]


def oracle_lines(oracle: Oracle) -> Iterator[str]:
    """Yield the growing shapes, page by page, then the totals."""
    page = ""
    for growth in oracle.growths:
        if growth.page != page:
            page = growth.page
            yield page
        yield f"  {growth.small} -> {growth.large}  {', '.join(growth.tables)}"
        yield from (f"      {_site_line(site)}" for site in growth.sites)
    for name, error in oracle.errors.items():
        yield f"FAILED {name}: {error}"
    growths = oracle.growths
    sites = {(site.place.file, site.place.line) for growth in growths for site in growth.sites}
    yield (
        f"{len(oracle.large)} pages, {len({growth.page for growth in growths})} grow, "
        f"{len(growths)} growing shapes on {len(sites)} distinct lines"
    )


def comparison_lines(comparison: Comparison) -> Iterator[str]:
    """Yield what quell did not name exactly, then the totals."""
    for match in comparison.matches:
        if match.verdict is not Verdict.EXACT or match.missed_sites:
            yield from _match_lines(match)
    for loop in comparison.false_loops:
        yield from _false_loop_lines(loop)
    for page, (plain, watched) in comparison.disturbed.items():
        yield f"DISTURBED {page}: {plain} queries without quell, {watched} with it"
    for page, error in comparison.errors.items():
        yield f"FAILED under quell {page}: {error}"
    verdicts = Counter(match.verdict for match in comparison.matches)
    yield "  ".join(f"{verdict}: {verdicts[verdict]}" for verdict in Verdict)
    sites = sum(len(match.growth.sites) for match in comparison.matches)
    missed = sum(len(match.missed_sites) for match in comparison.matches)
    yield f"growing lines named: {sites - missed} of {sites}"
    constant = [loop for loop in comparison.false_loops if loop.is_constant]
    elsewhere = sum(loop.grows_elsewhere for loop in constant)
    yield (
        f"loops of constant size: {len(constant)}, {elsewhere} of which grow on another page"
        f"  false loops: {len(comparison.false_loops) - len(constant)}"
    )
    kinds = Counter(finding.kind for found in comparison.findings.values() for finding in found)
    yield f"findings by kind: {dict(kinds.most_common())}"


def as_json(oracle: Oracle, comparison: Comparison | None) -> dict[str, JsonValue]:
    """Return everything that was measured as plain values."""
    data: dict[str, JsonValue] = {
        "pages": list(oracle.large),
        "errors": dict(oracle.errors),
        "growing": [_growth_json(growth) for growth in oracle.growths],
    }
    if comparison is not None:
        data["matches"] = [
            _growth_json(match.growth)
            | {
                "verdict": match.verdict.value,
                "findings": [_finding_line(finding) for finding in match.findings],
                "missed": [str(site.place) for site in match.missed_sites],
            }
            for match in comparison.matches
        ]
        data["false_loops"] = [
            {
                "page": loop.page,
                "is_constant": loop.is_constant,
                "grows_elsewhere": loop.grows_elsewhere,
                "finding": _finding_line(loop.finding),
                "ran": [_site_line(site) for site in loop.sites],
            }
            for loop in comparison.false_loops
        ]
        data["findings"] = {
            page: [_finding_line(finding) for finding in found] for page, found in comparison.findings.items()
        }
        data["disturbed"] = {page: list(counts) for page, counts in comparison.disturbed.items()}
    return data


def _match_lines(match: Match) -> Iterator[str]:
    growth = match.growth
    counts = f"{growth.small} -> {growth.large}"
    yield f"{match.verdict.value.upper()} {growth.page}: {counts}  {growth.shape[:160]}"
    yield from (f"      not named: {_site_line(site)}" for site in match.missed_sites)
    yield from (f"      found: {_finding_line(finding)}" for finding in match.findings)


def _false_loop_lines(loop: FalseLoop) -> Iterator[str]:
    name = "CONSTANT LOOP" if loop.is_constant else "FALSE LOOP"
    name += " (grows elsewhere)" if loop.grows_elsewhere else ""
    yield f"{name} {loop.page}: {_finding_line(loop.finding)}"
    yield from (f"      ran: {_site_line(site)}" for site in loop.sites)


def _finding_line(finding: object) -> str:
    names = ("code", "kind", "model", "path", "count", "trigger", "origin", "suggestion")
    return "  ".join(str(getattr(finding, name, "?")) for name in names)


def _site_line(site: Site) -> str:
    return f"{site.small} -> {site.large}  {site.place}  {site.place.kind} {site.place.name}".rstrip()


def _growth_json(growth: Growth) -> dict[str, JsonValue]:
    return {
        "page": growth.page,
        "shape": growth.shape,
        "tables": list(growth.tables),
        "small": growth.small,
        "large": growth.large,
        "sites": [
            {
                "file": site.place.file.rpartition("site-packages/")[2],
                "line": site.place.line,
                "last_line": site.place.last_line,
                "kind": site.place.kind,
                "name": site.place.name,
                "small": site.small,
                "large": site.large,
            }
            for site in growth.sites
        ],
    }
