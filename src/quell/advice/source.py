"""What the source says at a line, as text."""

from quell.advice.chains import read_chain
from quell.events import Location


def chain_behind(trigger: Location | None, accessor: str) -> str:
    """
    Return the calls that a line makes on a related manager, such as ``.filter(is_public=True)[:3]``.

    Args:
        trigger: The line; a template has no source to read.
        accessor: The name of the manager, such as ``comments``.

    Returns:
        The source behind ``.comments``, or an empty string where the line does not spell it.
    """
    return read_chain(trigger, accessor).code
