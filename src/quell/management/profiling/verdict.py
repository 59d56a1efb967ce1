"""What a run of all visits comes to: new findings, known ones, silenced ones, and what is out of date."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path

from django.conf import settings

from quell.conf import get_settings
from quell.findings import CODES, CODES_OF_PROFILES, CODES_OF_TRANSACTIONS, Silenced
from quell.management.profiling.folding import fold
from quell.reporting.report import Page, Report
from quell.reporting.text import plural, relative
from quell.silencing.baseline import Baseline, Comparison, read, write
from quell.silencing.patterns import parse
from quell.silencing.staleness import comment_remarks, stale_patterns
from quell.wording.outcomes import COMPLAINT, STALE_PATTERN

BASELINE_NAME = "quell-baseline.json"


def baseline_file(given: str | None = None) -> tuple[Path, bool]:
    """Return the file of the baseline, and whether somebody named it: by an option, or by ``QUELL_BASELINE``."""
    if given:
        return Path(given), True
    named = get_settings().baseline
    # A command may run from anywhere; a project without BASE_DIR has its files where it is started.
    return Path(getattr(settings, "BASE_DIR", ""), named or BASELINE_NAME), bool(named)


def read_baseline(given: str | None = None) -> tuple[Path, Baseline] | None:
    """
    Return the baseline and its file, or ``None`` where nobody named one and there is none.

    Raises:
        UsageError: If it cannot be read, or was named and does not exist.
    """
    file, is_named = baseline_file(given)
    if not is_named and not file.exists():
        return None
    return file, read(file)


def decide(pages: Sequence[Page], baseline: tuple[Path, Baseline] | None, *, is_whole: bool) -> Report:
    """
    Return what all visits come to.

    Args:
        pages: What they showed.
        baseline: Known findings, and their file.
        is_whole: Whether these are all pages: only then a pattern that silenced nothing is out of date.
    """
    findings = fold(pages)
    silenced = tuple(item for page in pages for item in page.silenced)
    known = baseline[1].compare(findings, visited(pages)) if baseline else Comparison(new=findings)
    advice = fold([replace(page, findings=page.advice) for page in pages])
    return Report(
        pages=tuple(pages),
        findings=(*known.new, *advice),
        known=known.known,
        stale=known.stale,
        silenced=silenced,
        remarks=tuple(_remarks(pages, silenced, is_whole=is_whole)),
        baseline=_name(baseline[0]) if baseline else "",
        root=code_root(),
    )


def code_root() -> str:
    """Return the folder that a code host calls the root: the closest one that git keeps, else the working one."""
    here = Path.cwd()
    return str(next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here))


def visited(pages: Sequence[Page]) -> AbstractSet[str]:
    """Return the labels of which every page could be judged."""
    return {page.label for page in pages} - {page.label for page in pages if page.problem}


def _remarks(pages: Sequence[Page], silenced: Sequence[Silenced], *, is_whole: bool) -> Iterator[str]:
    seen = {span for page in pages for span in page.seen}
    for where, remark in comment_remarks(
        seen, silenced, CODES.keys() - CODES_OF_PROFILES - CODES_OF_TRANSACTIONS
    ):
        yield COMPLAINT(place=relative(where), complaint=remark)
    if is_whole:
        for pattern in stale_patterns(parse(get_settings().ignore), silenced):
            yield COMPLAINT(place=pattern.source, complaint=STALE_PATTERN())


def rewrite(pages: Sequence[Page], file: Path, old: Baseline) -> str:
    """
    Write the findings of a run to a baseline, and return one line about it.

    Raises:
        UsageError: If the file cannot be written.
    """
    findings = fold(pages)
    new = old.updated(findings, visited(pages))
    write(file, new)
    before, after = ({entry.fingerprint for entry in item.entries} for item in (old, new))
    changes = f"{len(after - before)} new, {len(before - after)} dropped"
    return f"{plural(len(new.entries), 'finding')} written to {_name(file)}: {changes}"


def _name(file: Path) -> str:
    return relative(str(file))
