"""The parts of a plan, and the rules that hold for them before any model is known."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Q

from quell.exceptions import UsageError


@dataclass(frozen=True, slots=True)
class Filter:
    """Related rows that satisfy a condition, as a list in an attribute of its own."""

    name: str
    path: str
    condition: Q
    ordering: tuple[str, ...] = ()

    @classmethod
    def of(cls, name: str, *spec: object) -> "Filter":
        """
        Read ``(path, Q)`` or ``(path, Q, ordering)``.

        Raises:
            UsageError: If it is something else.
        """
        match spec:
            case (str(path), Q() as condition):
                return cls(name, path, condition)
            case (str(path), Q() as condition, [*ordering]) if all(isinstance(item, str) for item in ordering):
                return cls(name, path, condition, tuple(str(item) for item in ordering))
        msg = (
            f'filters["{name}"] is {spec!r}; write ("comments", Q(is_public=True)), or with an ordering '
            '("comments", Q(is_public=True), ("-created_at",))'
        )
        raise UsageError(msg)

    @property
    def spec(self) -> tuple[str, Q] | tuple[str, Q, tuple[str, ...]]:
        """Return it as a plan takes it."""
        return (self.path, self.condition, self.ordering) if self.ordering else (self.path, self.condition)

    def under(self, prefix: str) -> "Filter":
        """Return it for a model from which ``prefix`` leads here; the attribute stays on the same rows."""
        return Filter(self.name, f"{prefix}__{self.path}", self.condition, self.ordering)


def check_path(path: object, where: str) -> None:
    """
    Refuse what cannot be a lookup path.

    Raises:
        UsageError: If it is no text of names joined by two underscores.
    """
    # Not a check of the spelling: "__" inside a name is impossible in Django, everything else is a question
    # to the model.
    if not isinstance(path, str) or not all(part.isidentifier() for part in path.split("__")):
        msg = f'{where}: {path!r} is no lookup path; write names joined by two underscores, such as "comments__author"'
        raise UsageError(msg)


def check_name(name: object) -> None:
    """
    Refuse what cannot be an attribute of a row.

    Raises:
        UsageError: If it is no identifier, or holds two underscores, which Django reads as a lookup.
    """
    if not isinstance(name, str) or not name.isidentifier() or "__" in name:
        msg = f"{name!r} cannot be the name of a result; use a plain attribute name such as comment_count"
        raise UsageError(msg)


def is_prefix(path: str, other: str) -> bool:
    """Tell whether ``other`` is the same path, or one that goes on behind it."""
    return other == path or other.startswith(f"{path}__")


def drop_covered(paths: Iterable[str], *, by: Collection[str] = ()) -> tuple[str, ...]:
    """Return the paths, sorted, without those that another one, or one of ``by``, passes through."""
    ordered = sorted(set(paths))
    return tuple(
        path
        for path in ordered
        if not any(is_prefix(path, other) for other in by)
        and not any(is_prefix(path, other) for other in ordered if other != path)
    )
