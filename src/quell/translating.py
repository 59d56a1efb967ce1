"""The language that Django has chosen for whoever asks, for pages; all else is English."""

from django.utils.formats import number_format
from django.utils.translation import get_language, gettext, ngettext

from quell.wording.reading import ENGLISH, Words

# Any label: what no catalogue has is English.
_PROBE = "Needless database work"


def words() -> Words:
    """Return the active language; English where no catalogue of quell has it."""
    language = get_language()
    if not language or gettext(_PROBE) == _PROBE:
        return ENGLISH
    return Words(language=language, gettext=gettext, ngettext=ngettext, write=_write)


def translated(text: str) -> str:
    """
    Return what a finding, a proof or a page says in the active language.

    Where no template of quell fits, such as the text of an older release, it is returned as it is.
    See Note [Texts are recognised].
    """
    return words().message(text)


def _write(value: float, decimals: int, *, is_grouped: bool) -> str:
    return str(number_format(round(value, decimals), decimals, force_grouping=is_grouped))
