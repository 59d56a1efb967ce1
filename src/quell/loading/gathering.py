"""What is gathered of a serializer: paths, columns of each, and relations that keep all of theirs."""

from quell.introspection.relations import Relation
from quell.loading.plan import FetchPlan
from quell.loading.values import ALL_COLUMNS, is_prefix, join_path, prefixes


class Gathered:
    """A plan in the making: frozen plans are merged at the end, not once per field."""

    def __init__(self) -> None:
        self._paths: set[str] = set()
        self._join: set[str] = set()
        self._separate: set[str] = set()
        self._columns: dict[str, set[str]] = {}
        self._whole: set[str] = set()
        self._plans: list[FetchPlan] = []
        # Paths behind a to-many relation, where Django joins only what it is told to.
        self._behind_many: set[str] = set()

    def reach(self, way: str) -> None:
        """Note that rows are read; whoever reads no column of them reads the key."""
        self._columns.setdefault(way, set())

    def add_column(self, way: str, name: str) -> None:
        """Note a column."""
        self._columns.setdefault(way, set()).add(name)

    def keep_all(self, way: str) -> None:
        """Note that all columns stay, as code reads the rows that nobody can see."""
        self.reach(way)
        self._whole.add(way)

    def add_plan(self, plan: FetchPlan, way: str) -> None:
        """Note what code declares, for the rows that it reads; without columns, it is for its relations in full."""
        moved = plan.under(way) if way else plan
        self._plans.append(moved if moved.only is not None else _with_columns(moved, way))

    def add_path(self, way: str, relation: Relation) -> str:
        """Note a relation of the rows at the end of a way, and return the way to it."""
        hop = relation.hop
        path = join_path(way, hop.name)
        self._paths.add(path)
        if relation.target is not None:
            self.reach(path)
        is_behind = way in self._behind_many
        if not hop.is_single:
            self._behind_many.add(path)
        elif is_behind and hop.can_join:
            self._behind_many.add(path)
            self._join.add(path)
        return path

    def plan(self) -> FetchPlan:
        """Return the plan."""
        columns = {
            join_path(way, name)
            for way, names in self._columns.items()
            for name in ([ALL_COLUMNS] if way in self._whole else names or ["pk"])
        }
        found = FetchPlan(*self._paths, join=self._join, separate=self._separate, only=columns)
        for plan in self._plans:
            found |= plan
        return found


def _with_columns(plan: FetchPlan, way: str) -> FetchPlan:
    """Return a plan that loads all columns of its relations, and says nothing about the rows that hold them."""
    listed = (*plan.paths, *plan.join, *plan.separate)
    only = [
        join_path(item, ALL_COLUMNS) for path in listed for item in prefixes(path) if not is_prefix(item, way)
    ] or None
    parts = {
        name: getattr(plan, name) for name in ("join", "separate", "counts", "exists", "filters", "limits")
    }
    return FetchPlan(*plan.paths, only=only, defer=plan.defer, **parts)
