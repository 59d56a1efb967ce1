"""What people write where a finding is to be named: its code or its kind."""

from collections.abc import Iterable
from difflib import get_close_matches

from quell.findings import CODES
from quell.wording.outcomes import DID_YOU_MEAN

_MAX_NAMES = 20  # of a project's models, for example
_BY_NAME = {**{code: code for code in CODES}, **{kind: code for code, kind in CODES.items()}}


def code_of(name: str) -> str:
    """Return the code for a code or a kind, or an empty text where it is neither."""
    return _BY_NAME.get(name, "")


def hint_for(name: str) -> str:
    """Return what somebody meant who wrote an unknown code, as a sentence."""
    # A letter O looks like a zero.
    for spelling in (name.upper(), name.upper().replace("O", "0"), name.lower().replace("-", "_")):
        if spelling in _BY_NAME:
            return DID_YOU_MEAN(name=spelling)
    return closest(name, _BY_NAME, "The codes of quell are")


def closest(name: str, names: Iterable[str], otherwise: str) -> str:
    """Return the closest of some names as a question, or all of them as a sentence."""
    known = sorted(names)
    found = get_close_matches(name, known, n=1, cutoff=0.5)
    if found:
        return DID_YOU_MEAN(name=found[0])
    more = ", ..." if len(known) > _MAX_NAMES else "."
    return f"{otherwise} {', '.join(known[:_MAX_NAMES])}{more}"
