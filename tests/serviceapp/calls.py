"""Functions that the outbox calls."""

from tests.serviceapp.models import Account

made: list[str] = []


def note(name: str) -> None:
    """Note the call."""
    made.append(name)


async def note_async(name: str) -> None:
    """Note the call."""
    made.append(f"async {name}")


def fail(name: str) -> None:
    """Note the call, and fail."""
    made.append(name)
    raise ValueError(name)


def rename(name: str) -> None:
    """Change a row, so that another process can see that the call was made."""
    Account.objects.filter(name=name).update(name=f"{name}, called")
