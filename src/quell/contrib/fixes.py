"""The fix of a stored finding as a diff of the source on this machine, or the reason why there is none."""

from dataclasses import dataclass
from importlib.util import find_spec

from django.utils.translation import gettext

from quell.conf import base_dir
from quell.store.findings import StoredFinding
from quell.store.totals import Facts
from quell.translating import translated


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A diff, or a reason."""

    diff: str = ""
    reason: str = ""

    @property
    def lines(self) -> list[tuple[str, str]]:
        """The lines of the diff, each with what it is: ``added``, ``removed``, ``place`` or nothing."""
        return [(_kind(line), line) for line in self.diff.splitlines()]


def fix_of(row: StoredFinding) -> Fix:
    """Return what would change; nothing is written."""
    if find_spec("libcst") is None:
        return Fix(reason=gettext('LibCST is not installed here: pip install "django-quell[fix]".'))
    from quell.management.fixing.source import CannotFixError
    from quell.management.fixing.stored import diff_of

    facts = Facts(**{name: getattr(row, name) for name in Facts.__slots__})
    try:
        return Fix(diff=diff_of(facts, base_dir()))
    except CannotFixError as error:
        return Fix(reason=translated(str(error)))


def _kind(line: str) -> str:
    if line.startswith(("---", "+++")):
        return ""
    return {"+": "added", "-": "removed", "@": "place"}.get(line[:1], "")
