"""Values by name: frozen, as attributes and as keys."""

from collections.abc import Iterator, Mapping
from typing import Any


class Collected(Mapping[str, Any]):
    """The results of ``collect()``, by the names of its parts: as attributes and as keys; frozen."""

    __slots__ = ("_results",)

    def __init__(self, results: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_results", dict(results))

    def __getattr__(self, name: str) -> Any:
        # copy and pickle ask for names with an underscore before there are results.
        if not name.startswith("_") and name in self._results:
            return self._results[name]
        msg = f"there is no result {name!r}" + (
            "" if name[:1] == "_" else f"; there are {', '.join(self._results)}"
        )
        raise AttributeError(msg)

    def __setattr__(self, name: str, value: object) -> None:
        msg = f"results are frozen, so {name!r} cannot be set"
        raise AttributeError(msg)

    def __getitem__(self, name: str) -> Any:
        return self._results[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._results)

    def __len__(self) -> int:
        return len(self._results)

    def __repr__(self) -> str:
        return f"<Collected: {', '.join(f'{name}={value!r}' for name, value in self._results.items())}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return Collected, (self._results,)


class Named:
    """Gives the aggregate on the class that declares it, and its value on a result."""

    __slots__ = ("expression", "name")

    def __init__(self, name: str, expression: object) -> None:
        self.name = name
        self.expression = expression

    def __get__(self, instance: Any, owner: type) -> Any:
        return self.expression if instance is None else instance[self.name]
