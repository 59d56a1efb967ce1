"""What a loop asks of a related manager, and what answers it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Model

from quell.advice.chains import Chain, Step
from quell.events import Fetch
from quell.introspection.relations import Relation, walk
from quell.loading.plan import FetchPlan


@dataclass(frozen=True, slots=True)
class Answer:
    """The code to write; a plan where one says the same; a clause for the message."""

    code: str
    plan: FetchPlan | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked: of which relation, from which queryset, and how the source spells it."""

    model: type[Model]
    path: str
    fetch: Fetch
    chain: Chain
    way: FetchPlan  # the hops before the relation, where they were loaded on demand, too
    takes_columns: bool = True  # whether the queryset takes annotations
    behind: str = ""  # a path from the chosen rows that is to be loaded with them

    @property
    def relation(self) -> str:
        """Return the name of the manager, as results are named after."""
        return self.path.rpartition("__")[2].removesuffix("_set")

    @property
    def last(self) -> Relation:
        """Return the relation itself."""
        return walk(self.model, self.path)[-1]

    @property
    def joins(self) -> str:
        """Return the code that loads the way."""
        return self.way.as_code(self.model)


def code_of(steps: Sequence[Step]) -> str:
    """Return calls as they are appended to a queryset."""
    return quoted("".join(step.code for step in steps))


def quoted(code: str) -> str:
    """Quote as formatters do, where that changes no text."""
    return code if '"' in code or "\\" in code else code.replace("'", '"')


def free_name(model: type[Model], name: str) -> str:
    """Return a name for a result that is not one of the model's own, such as a property that counts."""
    return f"annotated_{name}" if hasattr(model, name) else name
